/*
 * Words of physical memory, as far as they are known, and which of them are entries of live tables.
 *
 * A word that nobody told is 0 and unknown. Not thread-safe; no writable globals.
 */
#ifndef MMUSIM_SIM_PROTOCOL_WORDS_H
#define MMUSIM_SIM_PROTOCOL_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WORDS_PAGE_LG2   12u
#define WORDS_PAGE_BYTES (UINT64_C(1) << WORDS_PAGE_LG2)
#define WORDS_PAGE_WORDS (WORDS_PAGE_BYTES / 8)

struct table;

/* One of the live tables that have bytes in a page. */
struct words_table {
    struct table *table;
    struct words_table *next;
};

struct words_page {
    uint64_t number;                       /* pa >> WORDS_PAGE_LG2 */
    uint64_t known[WORDS_PAGE_WORDS / 64]; /* one bit a word */
    uint64_t *words;                       /* NULL: all 0 */
    struct words_table *tables;            /* owned by whoever puts them there */
};

struct words {
    struct words_page **slots; /* open addressing; `capacity` is a power of two, or 0 */
    size_t capacity;
    size_t count;
};

void words_free(struct words *memory);
/* NULL if nothing of the page was ever told. */
struct words_page *words_find(const struct words *memory, uint64_t pa);
/* NULL if there is no memory. */
struct words_page *words_touch(struct words *memory, uint64_t pa);

uint64_t words_read(const struct words *memory, uint64_t pa);
bool words_knows(const struct words *memory, uint64_t pa);
/* The word is known from now on. False if there is no memory. */
bool words_write(struct words *memory, uint64_t pa, uint64_t value);
/* The word is 0 and unknown again. */
void words_forget(struct words *memory, uint64_t pa);

#endif
