/* What the files of the tiny machine share. */
#ifndef MMUSIM_SIM_JUDGE_TEST_HISTORY_MACHINE_H
#define MMUSIM_SIM_JUDGE_TEST_HISTORY_MACHINE_H

#include "sim/judge/test/history.h"

#define CORES    3u
#define SPACES   2u
#define STAGE2   SPACES /* the place of the second stage's space, which accesses are not made in */
#define PAGES    6u     /* a space; the last is a block of 2 MiB, in all spaces at the same address */
#define FLIGHT   4u
#define BUFFER   4u
#define WORDS    4u /* addressed in a page */
#define VA(page) ((page) == PAGES - 1 ? UINT64_C(0x40000000) : PAGE + (page)*UINT64_C(0x1000))

struct leaf {
    uint64_t base;
    uint32_t attributes;
    bool valid;
};

/* What an access found: in a guest, the leaf of each stage. */
struct found {
    struct leaf first, second;
    unsigned second_page; /* of the second stage, at an intermediate address; NO_PAGE if there is none */
};
#define NO_PAGE PAGES

struct cached {
    struct event_tlb_entry told;
    struct found found;
    unsigned users; /* accesses in flight that it serves */
    bool live, dying;
};

enum access_phase {
    ACCESS_FREE,
    ACCESS_WALKS,
    ACCESS_READY,
    ACCESS_WAITS,
    ACCESS_BUFFERED,
    ACCESS_COMPLETES
};

struct access {
    enum access_phase phase;
    struct event_translation told;
    struct found found;
    struct cached *entry;
    uint64_t read_cycle;   /* of the walk's entry */
    uint64_t second_cycle; /* of that of the second stage */
    uint64_t next_cycle;
    unsigned space, page;
    bool dropped; /* an invalidation came after what it means was read */
};

struct buffered {
    uint64_t pa, value, issue_cycle;
    struct access *access; /* NULL: an entry write */
    uint64_t operation, old_value;
    unsigned space, page;
    struct leaf leaf;
};

enum operation_phase { OP_IDLE, OP_THINKS, OP_WRITES, OP_INVALIDATES, OP_ACKNOWLEDGED, OP_RETURNS };

struct actor {
    enum operation_phase phase;
    struct act act;
    struct leaf old, now;
    uint64_t next_cycle, invalidation, issue_cycle;
    uint64_t dropped[CORES], acknowledged[CORES], arrived[CORES];
    unsigned space, page;
    bool changed, visible, returned, write_again, intermediate;
};

struct core {
    struct access flight[FLIGHT];
    struct cached cached[64];
    struct buffered buffer[BUFFER + 2];
    unsigned buffered;
    struct actor actor;
    uint64_t entries, walks, invalidations;
    uint32_t accesses;
};

struct machine {
    struct story *story;
    struct history_config config;
    uint64_t random, now, operations, frames, memory_used;
    struct core cores[CORES];
    struct leaf table[SPACES + 1][PAGES]; /* as memory has it */
    bool locked[SPACES + 1][PAGES];
    struct {
        uint64_t pa, value;
    } memory[4096];
};

/* history.c */
uint64_t history_below(struct machine *machine, uint64_t limit);
struct mmu_event *history_event(struct machine *machine, enum event_kind kind, unsigned core);
unsigned history_size_lg2(unsigned page);
/* Whether what was found depends on this page of this space (STAGE2 included). */
bool history_depends(const struct found *found, unsigned own_space, unsigned own_page, unsigned space,
                     unsigned page);
void history_enter_buffer(struct core *core, struct buffered store);
struct cached *history_lookup(struct core *core, unsigned space, unsigned page);
void history_leave(struct machine *machine, struct cached *entry, uint64_t invalidation);

/* history_operations.c */
void history_step_operation(struct machine *machine, unsigned core);

#endif
