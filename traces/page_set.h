/*
 * A set of page numbers, each with a few bits that say who touched it. Internal to traces/.
 */
#ifndef MMUSIM_TRACES_PAGE_SET_H
#define MMUSIM_TRACES_PAGE_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct page_slot {
    uint64_t page;
    uint8_t bits; /* 0: the slot is free */
};

struct page_set {
    struct page_slot *slots;
    size_t capacity; /* a power of two */
    size_t used;
};

bool page_set_init(struct page_set *set); /* false: no memory */
void page_set_free(struct page_set *set);
/* Adds `bits` (not 0) to the page's. False: no memory, and nothing was changed. */
bool page_set_add(struct page_set *set, uint64_t page, uint8_t bits);
/* Pages that have at least one of `bits`. */
uint64_t page_set_count(const struct page_set *set, uint8_t bits);

#endif
