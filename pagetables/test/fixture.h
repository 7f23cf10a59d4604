/* One page table on flat memory, with the abstract map that it should stand for. */
#ifndef MMUSIM_PAGETABLES_TEST_FIXTURE_H
#define MMUSIM_PAGETABLES_TEST_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "pagetables/abstract_map.h"
#include "pagetables/flat_memory.h"
#include "pagetables/interpret.h"
#include "pagetables/radix.h"
#include "pagetables/test/random.h"
#include "pagetables/vmsa.h"

#define KIB UINT64_C(1024)
#define MIB (1024 * KIB)
#define GIB (1024 * MIB)

#define TABLES_BASE  (1 * MIB)
#define TABLES_BYTES (4 * MIB)

#define FIXTURE_ASID 7
#define FIXTURE_VMID 11

struct fixture {
    const struct pagetable_class *table;
    struct radix state;
    struct flat_memory *memory;
    struct environment environment;
    struct memory_reader reader;
    struct translation_regime regime;
    struct abstract_map *expected;
};

/* A new table of the format vmsa-4k-48; its creation is not in the log. */
void fixture_open(struct fixture *fixture, const struct pagetable_class *table);
void fixture_open_format(struct fixture *fixture, const struct pagetable_class *table,
                         const struct walk_format *format);
/* Destroys the table and checks that nothing was leaked. */
void fixture_close(struct fixture *fixture);

/* A frame; `attributes` as text. */
struct frame frame_of(uint64_t base, unsigned size_lg2, const char *attributes);

/* An operation on the table with an empty log, and on the abstract map if it succeeds. */
enum pagetable_result fixture_map(struct fixture *fixture, uint64_t va, struct frame frame);
enum pagetable_result fixture_unmap(struct fixture *fixture, uint64_t va);
enum pagetable_result fixture_protect(struct fixture *fixture, uint64_t va, const char *attributes);

/* Which random operations a table is given. */
struct fixture_mix {
    unsigned pages; /* of 4 KiB, in each of three places: the fewer, the more often an address comes again */
    unsigned wave;  /* so many operations that mostly map, then as many that mostly unmap */
    bool frames_follow; /* frames go on where addresses do; else all are the same */
};
/* Thousands of operations on pages of 4 KiB, 2 MiB and 1 GiB, each answered as the abstract map says. */
void fixture_random_operations(struct fixture *fixture, const struct fixture_mix *mix);

struct protocol_operation;
/* An operation on a page of this size for the check of its protocol. */
void fixture_describe(const struct fixture *fixture, uint64_t va, unsigned size_lg2,
                      struct protocol_operation *operation);

/* Hardware reads exactly the abstract map from memory, and the table's invariants hold. */
void fixture_assert_map(const struct fixture *fixture);
/* And it reaches all the memory that it was given. */
void fixture_assert_view(const struct fixture *fixture);

/* Whether a word in a table's block is an entry, not a count: protocol_operation.is_entry of radix tables. */
bool fixture_is_entry(const void *fixture, uint64_t pa);

/* The tables on the way to `va`, by depth from the root; how many there are. */
unsigned fixture_tables_to(const struct fixture *fixture, uint64_t va, uint64_t table[ENTRY_LEVELS_MAX]);
/* The word at `pa`. */
uint64_t fixture_peek(const struct fixture *fixture, uint64_t pa);

/* Whether hardware reads exactly `expected` from other memory. */
bool view_equals(const struct fixture *fixture, const struct memory_reader *reader,
                 const struct abstract_map *expected);

#endif
