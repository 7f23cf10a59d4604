/*
 * Flat memory: an environment without time, for tests of page tables.
 *
 * Physical memory [0, physical_bytes) is sparse host memory that reads as zero until written. Tables come
 * from a region of it; a released table is filled with a pattern, and from then on reading or writing it is
 * an error (ENVIRONMENT_BAD_ADDRESS), which finds uses after release. Stores are visible at once; the log
 * tells a test what a machine with store buffers and TLBs would have been told, and in which order.
 */
#ifndef MMUSIM_PAGETABLES_FLAT_MEMORY_H
#define MMUSIM_PAGETABLES_FLAT_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pagetables/environment.h"
#include "pagetables/pagetable.h"

#ifdef __cplusplus
extern "C" {
#endif

struct flat_memory;

struct flat_memory_config {
    uint64_t physical_bytes; /* a multiple of 4 KiB */
    uint64_t tables_base;    /* tables are allocated from [tables_base, tables_base + tables_bytes); 4 KiB
                                multiples */
    uint64_t tables_bytes;
};

/* NULL if there is no memory, or if the configuration is not as described. */
struct flat_memory *flat_memory_create(const struct flat_memory_config *config);
void flat_memory_destroy(struct flat_memory *memory); /* NULL is allowed */
/* A memory of its own with the same words, tables, locks and failures to come, and an empty log; NULL if
 * there is no host memory. */
struct flat_memory *flat_memory_copy(const struct flat_memory *memory);

/* Both refer to the memory and are valid as long as it is. `lock` of a lock that is held is BAD_ADDRESS:
 * nobody could give it back. */
struct environment flat_memory_environment(struct flat_memory *memory);
struct memory_reader flat_memory_reader(struct flat_memory *memory);

/* Writes a word behind everybody's back: not logged, allowed in tables too. False where there is no memory.
 */
bool flat_memory_poke(struct flat_memory *memory, uint64_t pa, uint64_t value);

/* Tables that are allocated and not released. */
size_t flat_memory_tables(const struct flat_memory *memory);
/* Locks that are held. */
size_t flat_memory_locks(const struct flat_memory *memory);

/* Words read since the log was cleared; a compare-exchange reads one. */
size_t flat_memory_reads(const struct flat_memory *memory);

/* The nth allocation from now fails with ENVIRONMENT_NO_MEMORY, once; 0 takes it back. */
void flat_memory_fail_allocation(struct flat_memory *memory, uint64_t nth);
/* From the nth call of any operation but `unlock` on, all but `unlock` fail with ENVIRONMENT_STOPPED; 0 takes
 * it back. */
void flat_memory_fail_call(struct flat_memory *memory, uint64_t nth);

enum flat_event_kind {
    FLAT_WRITE, /* pa, before, value; a compare-exchange that replaced the word as well */
    FLAT_ALLOCATE,
    FLAT_RELEASE, /* pa, bytes */
    FLAT_BARRIER,
    FLAT_INVALIDATE,
    FLAT_COMPLETE,
    FLAT_LOCK,
    FLAT_UNLOCK,
};

/* One call that succeeded. Reads are not logged. */
struct flat_event {
    enum flat_event_kind kind;
    enum barrier_kind barrier;
    uint64_t pa;
    uint64_t before;
    uint64_t value;
    uint64_t bytes;
    struct invalidation invalidation;
};

/* The log since its last clearing; valid until the next call of an operation. */
size_t flat_memory_log_count(const struct flat_memory *memory);
const struct flat_event *flat_memory_log(const struct flat_memory *memory);
void flat_memory_log_clear(struct flat_memory *memory);

#ifdef __cplusplus
}
#endif
#endif
