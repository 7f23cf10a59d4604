/*
 * Work in a process of its own: SystemC allows one simulation a process, so each is forked off before
 * anything of it exists, and what it found comes back as bytes.
 */
#ifndef MMUSIM_MMU_SYSTEMC_TEST_CHILD_H
#define MMUSIM_MMU_SYSTEMC_TEST_CHILD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#ifdef __cplusplus
extern "C" {
#endif

struct recording {
    unsigned char *bytes;
    size_t count;
};

/* `work` runs in the child on a copy of everything, and writes to `out`. The test fails if the child does. */
void run_in_child(void (*work)(void *argument, FILE *out), void *argument, struct recording *recording);
bool recording_equal(const struct recording *a, const struct recording *b);
void recording_free(struct recording *recording);

#ifdef __cplusplus
}
#endif
#endif
