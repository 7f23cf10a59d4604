/*
 * The explorer against one that is written in the plainest way, with its own idea of the hardware: one page,
 * a TLB of one entry, a walker and a store buffer a core, programs that write the page's entry, wait,
 * invalidate and load. Both find as many states, in as many steps.
 *
 * Programs and machines are random: MMUSIM_SEED and MMUSIM_RUNS replay and repeat them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "pagetables/radix.h"
#include "sim/explore/test/exploring.h"

#define LEAF                                                                                                 \
    (EXPLORING_TABLES + 0x2000) /* of PAGE: tables are linked bottom up, behind the root and the lock */
#define CORES  2
#define STEPS  4 /* of a program */
#define DEPTH  2 /* of a store buffer */
#define PLACES 8
#define READS  3 /* of a walk by sv39 */

enum todo { TODO_END, TODO_CLEAR, TODO_SET, TODO_WAIT, TODO_DRAIN, TODO_INVALIDATE, TODO_LOAD, TODO_KINDS };

struct machine {
    unsigned buffer;
    bool speculates, evicts;
    enum todo program[CORES][STEPS];
};

/* Sets of invalidations, and of cores, are bits. */
struct core {
    unsigned char at;                   /* of its program */
    unsigned char load;                 /* 0: none; 1: wants its translation; 2: has it */
    unsigned char load_holds;           /* invalidations that wait for it */
    unsigned char stores, store[DEPTH]; /* oldest first: whether the entry becomes valid */
    unsigned char cached;
    unsigned char walks; /* 0: no; 1: for the load; 2: unasked */
    unsigned char reads, found;
    unsigned char walk_holds;
    unsigned char to_drop, to_answer;
};

struct world {
    unsigned char valid;                           /* the entry in memory */
    unsigned char missing[PLACES], issuer[PLACES]; /* of invalidations; missing 0: there is none */
    struct core core[CORES];
};

/* ---- all worlds ---- */

#define WORLDS_MAX 12000u
#define PLACES_MAX (1u << 17)

struct worlds {
    struct world *at;
    unsigned *depth;
    unsigned *place; /* 1 + number */
    unsigned count, from;
    bool too_many;
};

static unsigned place_of(const struct world *world)
{
    const unsigned char *bytes = (const unsigned char *)world;
    uint32_t hash = 2166136261u; /* FNV */
    for (size_t i = 0; i < sizeof *world; i++)
        hash = (hash ^ bytes[i]) * 16777619u;
    return (hash ^ hash >> 17) % PLACES_MAX;
}

static void found(struct worlds *worlds, const struct world *world)
{
    unsigned place = place_of(world);
    for (; worlds->place[place] != 0; place = (place + 1) % PLACES_MAX)
        if (memcmp(&worlds->at[worlds->place[place] - 1], world, sizeof *world) == 0)
            return;
    worlds->too_many = worlds->count == WORLDS_MAX;
    if (worlds->too_many)
        return;
    worlds->depth[worlds->count] = worlds->count == 0 ? 0 : worlds->depth[worlds->from] + 1;
    worlds->at[worlds->count++] = *world;
    worlds->place[place] = worlds->count;
}

/* ---- what follows by itself ---- */

static void answer(struct world *world, unsigned i)
{
    struct core *core = &world->core[i];
    for (unsigned place = 0; place < PLACES; place++) {
        unsigned bit = 1u << place;
        if (core->to_answer & bit && !((core->load_holds | core->walk_holds | core->to_drop) & bit)) {
            core->to_answer = (unsigned char)(core->to_answer & ~bit);
            world->missing[place] = (unsigned char)(world->missing[place] & ~(1u << i));
            if (world->missing[place] == 0)
                world->issuer[place] = 0;
        }
    }
}

static bool has_sent(const struct world *world, unsigned i)
{
    for (unsigned place = 0; place < PLACES; place++)
        if (world->missing[place] != 0 && world->issuer[place] == i)
            return true;
    return false;
}

static void send(struct world *world, unsigned i)
{
    unsigned place = 0;
    while (world->missing[place] != 0)
        place++;
    world->missing[place] = (1u << CORES) - 1;
    world->issuer[place] = (unsigned char)i;
    for (unsigned target = 0; target < CORES; target++)
        world->core[target].to_drop = (unsigned char)(world->core[target].to_drop | 1u << place);
}

static bool follows(const struct machine *machine, struct world *world, unsigned i)
{
    struct core *core = &world->core[i];
    switch (core->at < STEPS ? machine->program[i][core->at] : TODO_END) {
    case TODO_WAIT:
        if (core->stores > 0 || has_sent(world, i))
            return false;
        break;
    case TODO_DRAIN:
        if (core->stores > 0)
            return false;
        break;
    case TODO_INVALIDATE:
        send(world, i);
        break;
    case TODO_LOAD:
        if (core->load != 0)
            return false;
        core->load = 1;
        return true;
    default:
        return false;
    }
    core->at++;
    return true;
}

static void go_to(const struct machine *machine, struct worlds *worlds, struct world world)
{
    for (bool moved = true; moved;) {
        moved = false;
        for (unsigned i = 0; i < CORES; i++)
            while (follows(machine, &world, i))
                moved = true;
    }
    found(worlds, &world);
}

/* ---- steps ---- */

static void end_load(struct world *world, unsigned i)
{
    world->core[i].load = world->core[i].load_holds = 0;
    world->core[i].at++;
    answer(world, i);
}

static void program_steps(const struct machine *machine, struct worlds *worlds, const struct world *from,
                          unsigned i)
{
    struct world next = *from;
    struct core *core = &next.core[i];
    enum todo todo = core->at < STEPS ? machine->program[i][core->at] : TODO_END;
    if (todo == TODO_LOAD && core->load == 2) {
        end_load(&next, i);
        go_to(machine, worlds, next);
    } else if (todo == TODO_CLEAR || todo == TODO_SET) {
        if (machine->buffer == 0)
            next.valid = todo == TODO_SET;
        else if (core->stores < machine->buffer)
            core->store[core->stores++] = todo == TODO_SET;
        else
            return;
        core->at++;
        go_to(machine, worlds, next);
    }
}

static void walk_steps(const struct machine *machine, struct worlds *worlds, const struct world *from,
                       unsigned i)
{
    struct world next = *from;
    struct core *core = &next.core[i];
    if (core->reads < READS) {
        core->reads++;
        core->found = core->reads == READS && next.valid;
    } else {
        bool for_load = core->walks == 1, translates = core->found;
        unsigned char holds = core->walk_holds;
        core->cached = core->cached || (translates && holds == 0);
        core->walks = core->reads = core->found = core->walk_holds = 0;
        if (for_load && translates) {
            core->load = 2;
            core->load_holds = holds;
        } else if (for_load) {
            end_load(&next, i);
        }
        answer(&next, i);
    }
    go_to(machine, worlds, next);
}

static void drop(const struct machine *machine, struct worlds *worlds, const struct world *from, unsigned i,
                 unsigned place)
{
    struct world next = *from;
    struct core *core = &next.core[i];
    unsigned bit = 1u << place;
    core->to_drop = (unsigned char)(core->to_drop & ~bit);
    core->to_answer = (unsigned char)(core->to_answer | bit);
    core->cached = 0;
    if (core->walks != 0)
        core->walk_holds = (unsigned char)(core->walk_holds | bit);
    if (core->load == 2)
        core->load_holds = (unsigned char)(core->load_holds | bit);
    answer(&next, i);
    go_to(machine, worlds, next);
}

static void hardware_steps(const struct machine *machine, struct worlds *worlds, const struct world *from,
                           unsigned i)
{
    const struct core *core = &from->core[i];
    struct world next = *from;
    if (core->stores > 0) {
        next.valid = core->store[0];
        next.core[i].store[0] = core->store[1];
        next.core[i].store[1] = 0;
        next.core[i].stores--;
        go_to(machine, worlds, next);
    }
    for (unsigned place = 0; place < PLACES; place++)
        if (core->to_drop >> place & 1)
            drop(machine, worlds, from, i, place);
    if (core->walks != 0)
        walk_steps(machine, worlds, from, i);
    next = *from;
    if (core->load == 1 && core->walks != 1 && core->cached) {
        next.core[i].load = 2;
        go_to(machine, worlds, next);
    }
    next = *from;
    next.core[i].walks = 1;
    if (core->load == 1 && core->walks == 0)
        go_to(machine, worlds, next);
    next.core[i].walks = 2;
    if (machine->speculates && core->walks == 0 && !core->cached)
        go_to(machine, worlds, next);
    next = *from;
    next.core[i].cached = 0;
    if (machine->evicts && core->cached)
        go_to(machine, worlds, next);
}

/* How many worlds there are, and steps to the farthest; 0: too many. */
static unsigned count_naively(const struct machine *machine, unsigned *depth)
{
    struct worlds worlds = {.at = calloc(WORLDS_MAX, sizeof(struct world)),
                            .depth = calloc(WORLDS_MAX, sizeof(unsigned)),
                            .place = calloc(PLACES_MAX, sizeof(unsigned))};
    struct world first;
    assert_true(worlds.at && worlds.depth && worlds.place);
    memset(&first, 0, sizeof first);
    first.valid = 1;
    go_to(machine, &worlds, first);
    for (; worlds.from < worlds.count && !worlds.too_many; worlds.from++)
        for (unsigned i = 0; i < CORES; i++) {
            const struct world from = worlds.at[worlds.from];
            hardware_steps(machine, &worlds, &from, i);
            program_steps(machine, &worlds, &from, i);
        }
    *depth = worlds.depth[worlds.count - 1];
    free(worlds.at);
    free(worlds.depth);
    free(worlds.place);
    return worlds.too_many ? 0 : worlds.count;
}

/* ---- the same for the explorer ---- */

static uint64_t entry_of_page(const struct walk_format *format)
{
    const struct entry_format *entries = entry_format_of(format);
    const struct frame frame = {.base = FRAME, .size_lg2 = 12, .attributes = WRITABLE};
    uint64_t word = 0;
    assert_true(entries->encode_leaf(&entries->level[READS - 1], &frame, &word));
    return word;
}

/* RISC-V's format, for which nobody judges faults, with Arm's order: a TLBI completes later. */
static struct exploring explored(const struct machine *machine)
{
    const struct program_request requests[TODO_KINDS] = {
        [TODO_END] = {.kind = PROGRAM_END},
        [TODO_CLEAR] = {.kind = PROGRAM_WRITE, .pa = LEAF},
        [TODO_SET] = {.kind = PROGRAM_WRITE, .pa = LEAF, .value = entry_of_page(walk_format_find("sv39"))},
        [TODO_WAIT] = {.kind = PROGRAM_BARRIER, .barrier = BARRIER_DSB_ISH},
        [TODO_DRAIN] = {.kind = PROGRAM_BARRIER, .barrier = BARRIER_DSB_ISHST},
        [TODO_INVALIDATE] = {.kind = PROGRAM_INVALIDATE,
                             .invalidation = {.va = PAGE, .asid = 1, .broadcast = true}},
        [TODO_LOAD] = LIST_LOAD(PAGE),
    };
    struct exploring exploring = {.table = &pagetable_radix,
                                  .format = "sv39",
                                  .lists = {.programs = CORES},
                                  .before = {LIST_MAP_CALL(PAGE, FRAME, WRITABLE)},
                                  .before_count = 1,
                                  .own_hardware = true,
                                  .machine = {.store_buffer = machine->buffer,
                                              .speculates = machine->speculates,
                                              .evicts = machine->evicts,
                                              .contexts = {{.pages = {PAGE}, .page_count = 1}}}};
    for (unsigned i = 0; i < CORES; i++)
        for (unsigned step = 0; step < STEPS; step++)
            exploring.lists.core[i].requests[step] = requests[machine->program[i][step]];
    return exploring;
}

/* ---- random machines ---- */

static uint64_t number_of_environment(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);
    return text ? strtoull(text, NULL, 0) : otherwise;
}

/* xorshift64* */
static uint64_t draw(uint64_t *seed)
{
    *seed ^= *seed >> 12;
    *seed ^= *seed << 25;
    *seed ^= *seed >> 27;
    return *seed * UINT64_C(2685821657736338717) >> 8;
}

static struct machine random_machine(uint64_t *seed)
{
    struct machine machine = {.buffer = (unsigned)(draw(seed) % (DEPTH + 1))};
    machine.speculates = draw(seed) % 2;
    machine.evicts = draw(seed) % 2;
    for (unsigned i = 0; i < CORES; i++) {
        unsigned length = 1 + (unsigned)(draw(seed) % (machine.speculates ? STEPS - 1 : STEPS));
        for (unsigned step = 0; step < length; step++)
            machine.program[i][step] = (enum todo)(1 + draw(seed) % (TODO_KINDS - 1));
    }
    return machine;
}

static void the_explorer_finds_what_a_naive_one_finds(void **state)
{
    uint64_t seed = number_of_environment("MMUSIM_SEED", 1), runs = number_of_environment("MMUSIM_RUNS", 100);
    uint64_t compared = 0;
    (void)state;
    for (uint64_t run = 0; run < runs; run++) {
        uint64_t next = (seed + run) * UINT64_C(0x9e3779b97f4a7c15) | 1;
        const struct machine machine = random_machine(&next);
        struct exploring exploring = explored(&machine);
        unsigned depth, states = count_naively(&machine, &depth);
        if (states == 0)
            continue; /* for somebody with more time */
        compared++;
        const struct exploring_found seen = exploring_run(&exploring);
        if (seen.outcome == SEARCH_COMPLETE && seen.figures.states == states && seen.figures.depth == depth)
            continue;
        fail_msg("MMUSIM_SEED=%llu MMUSIM_RUNS=1: the naive explorer finds %u states to depth %u, the "
                 "explorer %llu "
                 "to %u (%s)",
                 (unsigned long long)(seed + run), states, depth, (unsigned long long)seen.figures.states,
                 (unsigned)seen.figures.depth, seen.sentence);
    }
    assert_true(runs == 1 || compared >= runs / 2);
}

static void a_page_that_nobody_uses_has_one_state(void **state)
{
    const struct machine machine = {.buffer = 1};
    unsigned depth;
    (void)state;
    assert_int_equal(count_naively(&machine, &depth), 1);
    struct exploring exploring = explored(&machine);
    assert_int_equal(exploring_run(&exploring).figures.states, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_page_that_nobody_uses_has_one_state),
        cmocka_unit_test(the_explorer_finds_what_a_naive_one_finds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
