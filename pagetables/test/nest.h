/* A small world of two stages, of so many levels each, made by hand from synthetic formats. */
#ifndef MMUSIM_PAGETABLES_TEST_NEST_H
#define MMUSIM_PAGETABLES_TEST_NEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "pagetables/flat_memory.h"
#include "pagetables/test/synthetic.h"
#include "pagetables/two_stage.h"

/*
 * Stage 1 has n tables in line, stage 2 maps each of their pages and the output page. Intermediate addresses
 * of tables are IPA_TABLES + i pages, physical ones PA_TABLES + 17 i pages, so that no two stages meet by
 * chance; stage 2 tables are taken one after the other from PA_STAGE2 on.
 */
#define PAGE       UINT64_C(4096)
#define IPA_TABLES UINT64_C(0x40000)
#define PA_TABLES  UINT64_C(0x1000000)
#define PA_STAGE2  UINT64_C(0x2000000)
#define IPA_OUTPUT UINT64_C(0x123000)
#define PA_OUTPUT  UINT64_C(0x3000000)
#define VA         UINT64_C(0x15a000)
#define ALL        SYNTHETIC_ALL_RIGHTS
#define LOAD       ACCESS_RIGHT(PRIVILEGE_KERNEL, ACCESS_LOAD)

struct nest {
    struct flat_memory *memory;
    struct memory_reader reader;
    struct translation_regime stage1;
    struct translation_regime stage2;
    struct two_stage_regime regime;
    unsigned n;
    unsigned m;
    uint64_t next_table; /* of stage 2 */
    struct two_stage_walk walk;
    unsigned fetches;
    unsigned fetches_of[3]; /* by stage */
};

uint64_t nest_peek(const struct nest *nest, uint64_t pa);
void nest_poke(struct nest *nest, uint64_t pa, uint64_t word);
/* The stage 2 entry of an intermediate address at a level; makes the tables above it. */
uint64_t nest_stage2_slot(struct nest *nest, uint64_t ipa, unsigned level);
/* A leaf at a level. */
void nest_stage2_map(struct nest *nest, uint64_t ipa, uint64_t pa, unsigned level, unsigned rights);
/* Of the stage 1 table at a depth. */
uint64_t nest_table_ipa(unsigned depth);
uint64_t nest_table_pa(unsigned depth);
/* The entry of VA in the stage 1 table at a depth, by physical address. */
uint64_t nest_stage1_slot(const struct nest *nest, unsigned depth);
void nest_open(struct nest *nest, unsigned n, unsigned m);
void nest_close(struct nest *nest);
/* Reads, and counts what was read. */
enum two_stage_status nest_answer_words(struct nest *nest);
/* Until the end, without caches. */
enum two_stage_status nest_finish(struct nest *nest, enum two_stage_status status);
/* A walk without caches, with its own count. */
enum two_stage_status nest_translate(struct nest *nest, uint64_t va);
void nest_assert_leaf(const struct nest *nest, uint64_t va, uint64_t base, unsigned size_lg2);

#endif
