/*
 * Many litmus tests: files and folders, each test explored, with its verdict where one is known.
 */
#ifndef MMUSIM_SIM_LITMUS_SUITE_H
#define MMUSIM_SIM_LITMUS_SUITE_H

#include "sim/litmus/machine.h"
#include "sim/litmus/verdicts.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What came of one file. Everything lives until the visitor returns. */
struct litmus_case {
    const char *path;
    const char *name;               /* of the test; NULL: it cannot be read */
    const char *outcome;            /* in words; NULL: it is the test's condition */
    const struct litmus_test *test; /* NULL: it cannot be read, or is a script */
    const char *failure;            /* why it was not explored, one sentence; NULL: it was */
    struct litmus_result result;
    struct litmus_verdict_row row;  /* LITMUS_UNKNOWN: there is no verdict */
    char family[LITMUS_NAME_BYTES]; /* of the verdict; without one, the name as far as its first + */
};

struct litmus_visitor {
    void *context;
    bool (*visit)(void *context, const struct litmus_case *one); /* false: stop */
    /* A file NAME.lua, which is an exploration; false: stop. NULL: they are passed over. */
    bool (*script)(void *context, const char *path);
};

/*
 * A file, or a folder with files NAME.litmus in it and in its folders, in the order of their names. Verdicts
 * are those of the verdicts.csv in a test's folder, else in the folder above. True when each was visited or
 * the visitor stopped; false with a sentence if the path or a verdicts.csv cannot be read.
 */
bool litmus_suite_run(const char *path, const struct litmus_options *options,
                      const struct litmus_visitor *visitor, struct vectors_failure *failure);

#ifdef __cplusplus
}
#endif
#endif
