/*
 * Conformance vectors: rows that say what another implementation did with one access through a crafted page
 * table, replayed through the walk engines.
 *
 * A folder holds CSV files, `images/NAME.img` and perhaps `suspect_ids.csv` (columns file, id, why: rows that
 * are not to be believed). The columns of a CSV file's first line say which kind of rows it has: the first
 * kind (vectors_kind_at) whose columns are all there. A kind computes the columns of the answer, and the
 * runner (run.h) compares them as text.
 *
 * A new kind is a file with a `vectors_kind`, a line in kinds.c and one in CMakeLists.txt.
 */
#ifndef MMUSIM_PAGETABLES_VECTORS_H
#define MMUSIM_PAGETABLES_VECTORS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pagetables/pagetable.h"

#ifdef __cplusplus
extern "C" {
#endif

#define VECTORS_COLUMNS_MAX 40 /* of a CSV file */
#define VECTORS_ANSWERS_MAX 16 /* columns that a kind answers */
#define VECTORS_TEXT_MAX    1000

/* ---- an image: memory and registers, see image.h for the text ---- */

struct vectors_image;

/* A named register's value; 0 if the image has none. */
uint64_t vectors_register(const struct vectors_image *image, const char *name);
/* `isa STRING`; "" if there is none. */
const char *vectors_isa(const struct vectors_image *image);
/* Whether the address lies in one of the image's `ram` lines; true for every address if it has none. */
bool vectors_in_ram(const struct vectors_image *image, uint64_t pa);
/* The word at the aligned address: what the image says, 0 for words that it does not name. The access is
 * noted, so that a row can be followed step by step: an engine's fetch is one call. */
uint64_t vectors_word(struct vectors_image *image, uint64_t pa);
/* Changes a word until the row is over (an update by hardware). */
void vectors_set_word(struct vectors_image *image, uint64_t pa, uint64_t value);

/* ---- a row ---- */

struct vectors_row;

/* The text of a column, "" if it is empty. The column must be one of the kind's. */
const char *vectors_text(const struct vectors_row *row, const char *column);
/* Hexadecimal without 0x, or decimal; 0 if it is empty. Other text stops the run with a sentence that names
 * the row and the column; the answer of this row is then never used. */
uint64_t vectors_hex(const struct vectors_row *row, const char *column);
uint64_t vectors_decimal(const struct vectors_row *row, const char *column);
/* A text of the row is none of those that the kind knows: stops the run likewise. `known` lists them. */
void vectors_unknown_text(const struct vectors_row *row, const char *column, const char *known);

/* ---- an answer ---- */

struct vectors_answer;

/* What this implementation says in a column of `answers`; a column that nothing is said of is empty. */
__attribute__((format(printf, 3, 4))) void vectors_say(struct vectors_answer *answer, const char *column,
                                                       const char *format, ...);
/* Appends `ADDRESS:OLD>NEW` to a column of updates, with `;` between. */
void vectors_say_update(struct vectors_answer *answer, const char *column, const struct walk_update *update);
/* A column of this row that is left open, and why (a constant): it is not compared, and the reason is
 * counted. */
void vectors_leave_open(struct vectors_answer *answer, const char *column, const char *why);

struct vectors_kind {
    const char *name;           /* "riscv-two-stages" */
    const char *const *asks;    /* columns that the question consists of; ends with NULL */
    const char *const *answers; /* columns that are compared; ends with NULL */
    /* Answers one row. The image is as it was read. False: the row asks for something that is not supported,
     * and `why` (a constant) says what; it is listed with its reason, and not counted as an agreement. */
    bool (*replay)(const struct vectors_row *row, struct vectors_image *image, struct vectors_answer *answer,
                   const char **why);
};

extern const struct vectors_kind vectors_riscv, vectors_riscv_two_stages, vectors_x86, vectors_aarch64,
    vectors_aarch64_fetch;

/* In the order in which they are tried; NULL past the end. */
const struct vectors_kind *vectors_kind_at(unsigned index);

#ifdef __cplusplus
}
#endif
#endif
