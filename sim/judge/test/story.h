/*
 * Stories: short event streams for the judge's tests, told in any order and sorted when they are judged.
 *
 * Time is written out in the test, so that each edge of a window can be tried from both sides.
 */
#ifndef MMUSIM_SIM_JUDGE_TEST_STORY_H
#define MMUSIM_SIM_JUDGE_TEST_STORY_H

#include <stddef.h>

#include "sim/judge/judge.h"

#define PAGE  UINT64_C(0x400000)
#define FRAME UINT64_C(0x80000)
#define RW    (FRAME_READABLE | FRAME_WRITABLE | FRAME_USER)
#define RO    (FRAME_READABLE | FRAME_USER)

/* Three frame sizes, 48 bits; user rights as the attributes say, the kernel's too. Not walked here. */
extern const struct walk_format story_format;

struct story {
    struct mmu_event *events;
    size_t count;
    size_t capacity;
    struct judge_config config;
};

void story_begin(struct story *story); /* with values, every access, 4 GiB, and spaces 1 and 2 */
void story_end(struct story *story);
/* A new event; the pointer is valid until the next one. */
struct mmu_event *story_event(struct story *story, enum event_kind kind, uint64_t cycle, unsigned core);
void story_space(struct story *story, uint32_t space, bool aliasing_allowed);

/* One page-table operation. What is 0 does not happen. */
struct act {
    uint64_t id;
    uint64_t va;
    struct frame frame;
    uint64_t begin;
    uint64_t write;       /* its entry write enters the store buffer */
    uint64_t visible;     /* and is visible */
    uint64_t invalidate;  /* issue, to cores 0 and 1; 3 cycles to arrive, 2 to drop */
    uint64_t acknowledge; /* by both */
    uint64_t completed;   /* known at the issuer; 0: acknowledge + 3 */
    uint64_t end;
    enum operation_kind kind;
    enum pagetable_result result;
    uint32_t space; /* 0: 1 */
    unsigned core;
};
void story_act(struct story *story, const struct act *act);

/* Operation `id` maps PAGE to FRAME, 4 KiB, in space 1: window [110, 130]. */
void story_map_page(struct story *story, uint64_t id, uint32_t attributes);
/* Operation `id` unmaps PAGE: window [210, 250]; the entry is visibly cleared in 220, acknowledged in 240. */
void story_unmap_page(struct story *story, uint64_t id);

/* A user load of 8 bytes of space 1: translated at once, performed one cycle before it is complete. */
struct event_translation *story_load(struct story *story, uint64_t va, uint64_t pa, uint64_t issue,
                                     uint64_t done);
/* The same, but it has this fault in cycle `done`. */
struct event_translation *story_fault(struct story *story, uint64_t va, enum fault_kind fault, uint64_t issue,
                                      uint64_t done);
/* An L1 data entry for PAGE and FRAME, rights as RW, hit once one cycle after its fill. */
struct event_tlb_entry *story_entry(struct story *story, uint64_t fill, uint64_t end);
/* A walk of PAGE that found FRAME, rights as RW, and filled. */
struct event_walk *story_walk(struct story *story, uint64_t start, uint64_t end);
struct event_view *story_view(struct story *story, uint64_t operation, uint64_t cycle, uint64_t mappings);

/* Judges the story; the caller destroys the judge. */
struct judge *story_judge(struct story *story);
/* Exactly so many findings of this rule, and no others. Ends the story. */
void story_expect(struct story *story, enum judge_rule rule, uint64_t count);
void story_expect_good(struct story *story);

#endif
