/*
 * Values: the abstract memory, and the total order of what is read from it and written to it.
 *
 * Accesses arrive when they complete and take effect in the order of `performed_cycle`. They wait here until
 * nothing that was performed earlier can arrive any more.
 */
#ifndef MMUSIM_SIM_JUDGE_VALUES_H
#define MMUSIM_SIM_JUDGE_VALUES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum transaction_kind {
    TRANSACTION_LOAD,      /* from memory */
    TRANSACTION_FORWARDED, /* from the core's store buffer, where that has the bytes */
    TRANSACTION_STORE,
    TRANSACTION_ENTRY_WRITE
};

struct transaction {
    uint64_t performed_cycle;
    uint64_t issue_cycle;
    uint64_t cycle; /* when it was told; a store leaves its buffer then */
    uint64_t pa;
    uint64_t va;
    uint64_t value; /* little endian; bytes from the 8th on repeat it */
    uint32_t access;
    uint32_t space;
    uint16_t size_bytes;
    uint8_t kind; /* transaction_kind */
    uint8_t core;
};

struct value_page {
    uint64_t number; /* pa >> 12 */
    uint8_t *bytes;  /* NULL: free slot */
    uint8_t *before; /* its bytes before it may have been cleared for a table; NULL: never was */
    bool data;       /* an access has stored to it since */
};

struct values {
    struct value_page *pages; /* open addressing; capacity is a power of two, or 0 */
    size_t page_capacity;
    size_t page_count;
    struct transaction *ring; /* sorted by performed cycle; capacity is a power of two, or 0 */
    size_t capacity;
    size_t head;
    size_t count;
    uint64_t done;               /* performed cycle of the last one that took effect */
    struct transaction *leaving; /* stores that took effect and may still be in their core's buffer */
    size_t leaving_count;
    size_t leaving_capacity;
};

void values_destroy(struct values *values);

/* Takes its place in the order. `*late`: what comes after it has taken effect already. False: no memory. */
bool values_add(struct values *values, const struct transaction *transaction, bool *late);

/*
 * A page that was stored to and then holds a table entry has been cleared in between, which no event tells:
 * from then on its other bytes may be 0 or what they were, and a load may return either.
 *
 * Lets the first one take effect if it was performed before `cycle`. Of a load, `*expected` is what it
 * should have returned (of the first 8 bytes at the most). False if there is none.
 */
bool values_next(struct values *values, uint64_t cycle, struct transaction *transaction, uint64_t *expected,
                 bool *no_memory);

/* The bits of the bytes that a value of this size has. */
static inline uint64_t values_mask(unsigned size_bytes)
{
    return size_bytes >= 8 ? UINT64_MAX : (UINT64_C(1) << size_bytes * 8) - 1;
}

#endif
