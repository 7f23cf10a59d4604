/*
 * Why files cannot be read: one sentence that names the file, the line and what would be right.
 */
#ifndef MMUSIM_PAGETABLES_VECTORS_FAILURE_H
#define MMUSIM_PAGETABLES_VECTORS_FAILURE_H

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

struct vectors_failure {
    char text[1024];
};

/* Writes the sentence; one that does not fit is cut. Always false, so that a caller can return it. */
__attribute__((format(printf, 2, 3))) bool vectors_fail(struct vectors_failure *failure, const char *format,
                                                        ...);

/* A piece of a file in quotes: cut after some characters, without anything that does not print. */
struct vectors_quote {
    char text[72];
};
struct vectors_quote vectors_quote(const char *text, size_t bytes);

/* A whole file, with a 0 behind it; the caller frees it. NULL with a sentence that begins with the path. */
char *vectors_read_file(const char *path, size_t *bytes, struct vectors_failure *failure);

#ifdef __cplusplus
}
#endif
#endif
