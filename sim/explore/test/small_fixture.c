#include "sim/explore/test/small_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "pagetables/entry.h"

#define REACH_MAX 4096u

void small_open(struct small_fixture *fixture, const struct small_config *given)
{
    struct small_config config = *given;
    memset(fixture, 0, sizeof *fixture);
    fixture->budget.bytes_max = (size_t)1 << 26;
    fixture->next_table = 0x2000;
    config.cores = config.cores ? config.cores : 1;
    config.walks = config.walks ? config.walks : 1;
    config.tlb_entries = config.tlb_entries ? config.tlb_entries : 1;
    config.memory_bytes = UINT64_C(1) << 22;
    config.context_count = config.context_count ? config.context_count : 1;
    for (unsigned i = 0; i < config.context_count; i++) {
        struct small_context *context = &config.contexts[i];
        if (!context->regime.format)
            context->regime.format = walk_format_find("vmsa-4k-25");
        context->regime.physical_size_lg2 = 48;
        context->regime.root = SMALL_ROOT + i * UINT64_C(0x80000);
        context->asid = (uint16_t)(i + 1);
    }
    fixture->machine = small_create(&config, &fixture->budget);
    assert_non_null(fixture->machine);
    small_begin(fixture->machine, &fixture->state);
    for (unsigned core = 0; core < config.cores; core++)
        fixture->state.cores[core].context = 1;
}

void small_close(struct small_fixture *fixture)
{
    assert_null(small_error(fixture->machine));
    small_destroy(fixture->machine);
    assert_int_equal(fixture->budget.bytes, 0);
}

/* ---- the page table ---- */

static const struct translation_regime *regime_of(const struct small_fixture *fixture)
{
    return &small_machine_config(fixture->machine)->contexts[fixture->root_of].regime;
}

uint64_t small_memory_value(struct small_fixture *fixture, uint64_t pa)
{
    return small_value_of(fixture->machine, small_memory_at(fixture->machine, &fixture->state, pa));
}

uint64_t small_slot(struct small_fixture *fixture, uint64_t va)
{
    const struct translation_regime *regime = regime_of(fixture);
    const struct entry_format *format = entry_format_of(regime->format);
    uint64_t table = regime->root;
    for (unsigned depth = 0; depth + 1u < format->levels; depth++) {
        uint64_t slot = table + entry_index(&format->level[depth], va) * ENTRY_BYTES;
        uint64_t word = small_memory_value(fixture, slot);
        if (word == 0) {
            word = format->encode_table(fixture->next_table);
            fixture->next_table += 0x1000;
            assert_true(small_poke(fixture->machine, &fixture->state, slot, word));
        }
        table = format->decode(&format->level[depth], word).table;
    }
    return table + entry_index(&format->level[format->levels - 1], va) * ENTRY_BYTES;
}

uint64_t small_leaf_word(const struct small_fixture *fixture, uint64_t frame, uint32_t attributes)
{
    const struct walk_format *hardware = regime_of(fixture)->format;
    const struct entry_format *format = entry_format_of(hardware);
    const struct frame to = {.base = frame, .attributes = attributes, .size_lg2 = hardware->page_lg2};
    uint64_t word = 0;
    assert_true(format->encode_leaf(&format->level[format->levels - 1], &to, &word));
    return word;
}

void small_map(struct small_fixture *fixture, uint64_t va, uint64_t frame, uint32_t attributes)
{
    uint64_t slot = small_slot(fixture, va);
    assert_true(
        small_poke(fixture->machine, &fixture->state, slot, small_leaf_word(fixture, frame, attributes)));
}

/* ---- steps ---- */

struct wanted {
    struct small_label label;
    struct small_state next;
    unsigned found, steps;
};

static bool is_it(void *context, struct small_label label, struct small_state *next)
{
    struct wanted *wanted = context;
    wanted->steps++;
    if (label.step != wanted->label.step || label.core != wanted->label.core ||
        label.index != wanted->label.index)
        return true;
    wanted->found++;
    wanted->next = *next;
    return true;
}

static struct wanted look_for(struct small_fixture *fixture, enum small_step step, unsigned core,
                              unsigned index)
{
    struct wanted wanted = {.label = {(uint8_t)step, (uint8_t)core, (uint8_t)index, 0}};
    const struct small_visitor visitor = {is_it, &wanted};
    assert_true(small_steps(fixture->machine, &fixture->state, &visitor));
    return wanted;
}

bool small_can(struct small_fixture *fixture, enum small_step step, unsigned core, unsigned index)
{
    return look_for(fixture, step, core, index).found > 0;
}

void small_take(struct small_fixture *fixture, enum small_step step, unsigned core, unsigned index)
{
    struct wanted wanted = look_for(fixture, step, core, index);
    if (wanted.found == 0)
        fail_msg("step %u of core %u, index %u is not possible", (unsigned)step, core, index);
    fixture->state = wanted.next;
}

unsigned small_count(struct small_fixture *fixture)
{
    return look_for(fixture, SMALL_STEPS, 0, 0).steps;
}

struct reached {
    struct small_state *states;
    unsigned count;
};

static bool add_state(void *context, struct small_label label, struct small_state *next)
{
    struct reached *reached = context;
    (void)label;
    for (unsigned i = 0; i < reached->count; i++)
        if (memcmp(&reached->states[i], next, sizeof *next) == 0)
            return true;
    assert_true(reached->count < REACH_MAX);
    reached->states[reached->count++] = *next;
    return true;
}

unsigned small_reach(struct small_fixture *fixture)
{
    struct reached reached = {.states = calloc(REACH_MAX, sizeof(struct small_state)), .count = 1};
    const struct small_visitor visitor = {add_state, &reached};
    assert_non_null(reached.states);
    reached.states[0] = fixture->state;
    for (unsigned i = 0; i < reached.count; i++) {
        const struct small_state from = reached.states[i];
        assert_true(small_steps(fixture->machine, &from, &visitor));
    }
    free(reached.states);
    return reached.count;
}

/* ---- what cores do ---- */

void small_store_word(struct small_fixture *fixture, unsigned core, uint64_t pa, uint64_t value)
{
    const struct small_new_store store = {.pa = pa, .value = value};
    assert_true(small_has_room(fixture->machine, &fixture->state, core));
    assert_true(small_put_store(fixture->machine, &fixture->state, core, &store));
}

void small_load(struct small_fixture *fixture, unsigned core, uint64_t va)
{
    assert_true(small_issue(fixture->machine, &fixture->state, core, 0, ACCESS_LOAD, PRIVILEGE_USER, va));
}

void small_walk_until_end(struct small_fixture *fixture, unsigned core)
{
    while (small_can(fixture, STEP_WALK_READS, core, 0) || small_can(fixture, STEP_WALK_UPDATES, core, 0))
        small_take(fixture,
                   small_can(fixture, STEP_WALK_READS, core, 0) ? STEP_WALK_READS : STEP_WALK_UPDATES, core,
                   0);
}

void small_walk_whole(struct small_fixture *fixture, unsigned core)
{
    small_take(fixture, STEP_WALK_BEGINS, core, 0);
    small_walk_until_end(fixture, core);
    small_take(fixture, STEP_WALK_ENDS, core, 0);
}

void small_fill(struct small_fixture *fixture, unsigned core, uint64_t va)
{
    small_load(fixture, core, va);
    small_walk_whole(fixture, core);
    small_retire(&fixture->state, core, 0);
}

unsigned small_entries(struct small_fixture *fixture, unsigned core)
{
    uint16_t leaves[SMALL_TLB_ENTRIES];
    return small_tlb_leaves(fixture->machine, fixture->state.cores[core].tlb, leaves, SMALL_TLB_ENTRIES);
}

unsigned small_sent(struct small_fixture *fixture, unsigned core, const struct invalidation *what,
                    unsigned targets)
{
    unsigned place = SMALL_INVALIDATIONS;
    assert_int_equal(small_invalidate(fixture->machine, &fixture->state, core, what, targets, &place),
                     SMALL_DONE);
    return place;
}
