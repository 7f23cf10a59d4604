/*
 * Images: the memory and the registers that rows start from. Text, one thing a line, numbers in hexadecimal
 * without 0x; empty lines and lines that begin with # say nothing.
 *
 *   image NAME         the file is NAME.img; the first line that says anything
 *   isa STRING         of a RISC-V hart
 *   ram BASE BYTES     where memory is; without such a line the kind of the rows says it
 *   reg NAME VALUE
 *   q ADDRESS VALUE    a 64-bit little-endian word at an aligned address; all others are 0
 */
#ifndef MMUSIM_PAGETABLES_VECTORS_IMAGE_H
#define MMUSIM_PAGETABLES_VECTORS_IMAGE_H

#include "pagetables/vectors/failure.h"
#include "pagetables/vectors/vectors.h"

#ifdef __cplusplus
extern "C" {
#endif

/* One access to a word of the image. */
struct vectors_step {
    uint64_t pa;
    uint64_t value;  /* read or written */
    uint64_t before; /* of a write */
    bool write;
};

#define VECTORS_STEPS_MAX 512 /* that are noted of one row; changes of words, too */

/* `path` is named in sentences; `name` is what the image must be called. NULL after a sentence. */
struct vectors_image *vectors_image_parse(const char *path, const char *name, const char *text, size_t bytes,
                                          struct vectors_failure *failure);
void vectors_image_free(struct vectors_image *image);
const char *vectors_image_name(const struct vectors_image *image);

/* As it was read, no steps. */
void vectors_image_reset(struct vectors_image *image);
/* What was read and written since; false if it was more than can be noted, so that the answer is wrong. */
bool vectors_image_steps(const struct vectors_image *image, const struct vectors_step **steps,
                         unsigned *count);

#ifdef __cplusplus
}
#endif
#endif
