/*
 * Lists of known things: rows that a function gives, as aligned columns, JSON or CSV.
 */
#ifndef MMUSIM_SIM_CLI_LISTING_H
#define MMUSIM_SIM_CLI_LISTING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "sim/cli/verb.h"

#define LISTING_COLUMNS_MAX 6
#define LISTING_TEXT_BYTES  160

struct listing_cell {
    char text[LISTING_TEXT_BYTES]; /* for people; cut if longer */
    bool number;                   /* JSON and CSV give `value` */
    uint64_t value;
};

struct listing {
    const char *columns[LISTING_COLUMNS_MAX]; /* ends with NULL if there are fewer */
    /* Fills the cells of a row, which are zero before; false past the end. */
    bool (*row)(const void *context, size_t index, struct listing_cell *cells);
    const void *context;
};

void listing_print(const struct listing *listing, enum cli_format format, FILE *out);

void listing_text(struct listing_cell *cell, const char *text);
void listing_count(struct listing_cell *cell, uint64_t value);

#endif
