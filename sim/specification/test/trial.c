#include "sim/specification/test/trial.h"

#include <inttypes.h>

#include "sim/specification/invariants.h"

#define STEPS 260

#define EXTENSIONS                                                                                           \
    (EXTENSION_PROTECT | EXTENSION_ANSWERS | EXTENSION_REFUSALS | EXTENSION_CONTENTS | EXTENSION_FETCH |     \
     EXTENSION_PRIVILEGE | EXTENSION_FILLS | EXTENSION_SPECULATION | EXTENSION_STATE | EXTENSION_CORES |     \
     EXTENSION_TAGS | EXTENSION_ORDERING | EXTENSION_WALK_CACHES)

/* Those of a plain trial: the seed's hardware to the letter, which always fills and never speculates. */
#define PLAIN_EXTENSIONS (EXTENSION_PROTECT | EXTENSION_ANSWERS | EXTENSION_REFUSALS | EXTENSION_CONTENTS)

/* What the acting core sees in one space, on both levels, before and after. */
struct seen {
    struct low_level_state low1, low2;
    struct high_level_state high1, high2;
};

static void see(const struct trial *trial, unsigned core, unsigned space, struct seen *seen)
{
    *seen = (struct seen){0};
    assert_true(extended_project(&trial->s1, core, space, &seen->low1) &&
                extended_project(&trial->s2, core, space, &seen->low2) &&
                low_level_view(&seen->low1, &seen->high1) && low_level_view(&seen->low2, &seen->high2));
}

static void unsee(struct seen *seen)
{
    low_level_state_destroy(&seen->low1);
    low_level_state_destroy(&seen->low2);
    high_level_state_destroy(&seen->high1);
    high_level_state_destroy(&seen->high2);
}

/* ---- Random choices ---- */

static uint64_t below(struct trial *trial, uint64_t limit)
{
    return random_below(&trial->machine.random, limit);
}

static unsigned random_size(struct trial *trial)
{
    const struct walk_format *format = trial->machine.config.format;
    unsigned size_lg2;
    do
        size_lg2 = format->frame_size_lg2[below(trial, below(trial, format->frame_sizes) + 1)];
    while (size_lg2 > 30);
    return size_lg2;
}

static uint32_t random_attributes(struct trial *trial)
{
    static const char *const texts[] = {"rw-u",  "r--u",  "r-xu", "rw-",    "rwxu",  "rw-ud",
                                        "rw-uc", "rw-uo", "-w-u", "rw-uco", "rw-uk3"};
    uint32_t attributes = attributes_of(texts[below(trial, sizeof texts / sizeof *texts)]);
    if (trial->plain)
        return attributes & ~FRAME_STATE_ALL;
    return trial->one_space && below(trial, 3) == 0 ? attributes | FRAME_GLOBAL : attributes;
}

/* A run of contiguous entries has a state for each entry, and the specification one for each mapping: here
 * runs have none. */
static uint32_t without_state_of_runs(const struct trial *trial, unsigned size_lg2, uint32_t attributes)
{
    const struct entry_format *entries = entry_format_of(trial->machine.config.format);
    for (unsigned depth = 0; entries && depth < entries->levels; depth++)
        if (entries->level[depth].span_lg2 == size_lg2)
            return attributes;
    return entries ? attributes & ~FRAME_STATE_ALL : attributes;
}

/* Away from the tables; small frames, large ones and huge ones apart, few of each. */
static struct frame random_frame(struct trial *trial)
{
    const unsigned size_lg2 = random_size(trial);
    const uint64_t base = UINT64_C(1) << (size_lg2 < 24 ? 24 : size_lg2);
    return (struct frame){.base = base + (below(trial, 4) << size_lg2),
                          .attributes = without_state_of_runs(trial, size_lg2, random_attributes(trial)),
                          .size_lg2 = (uint8_t)size_lg2};
}

/* ---- Steps ---- */

static enum result result_of(enum pagetable_result result)
{
    if (result == PAGETABLE_OK)
        return RESULT_OK;
    return result == PAGETABLE_NO_MEMORY || result == PAGETABLE_UNSUPPORTED ? RESULT_REFUSED : RESULT_ERR;
}

static bool judge_map(struct trial *trial, unsigned core, unsigned space, const struct map_op *op)
{
    struct seen seen;
    see(trial, core, space, &seen);
    bool holds = low_level_map(&seen.low1, &seen.low2, op, &trial->violation) &&
                 high_level_map(&seen.high1, &seen.high2, op, &trial->violation) &&
                 extended_map(&trial->s1, &trial->s2, space, op, &trial->violation);
    unsee(&seen);
    return holds;
}

static bool judge_unmap(struct trial *trial, unsigned core, unsigned space, const struct unmap_op *op)
{
    struct seen seen;
    see(trial, core, space, &seen);
    bool holds = low_level_unmap(&seen.low1, &seen.low2, op, &trial->violation) &&
                 high_level_unmap(&seen.high1, &seen.high2, op, &trial->violation) &&
                 extended_unmap(&trial->s1, &trial->s2, space, op, &trial->violation);
    unsee(&seen);
    return holds;
}

static bool judge_protect(struct trial *trial, unsigned core, unsigned space, const struct protect_op *op)
{
    struct seen seen;
    see(trial, core, space, &seen);
    bool holds = low_level_protect(&seen.low1, &seen.low2, op, &trial->violation) &&
                 high_level_protect(&seen.high1, &seen.high2, op, &trial->violation) &&
                 extended_protect(&trial->s1, &trial->s2, space, op, &trial->violation);
    unsee(&seen);
    return holds;
}

static bool judge_query(struct trial *trial, unsigned core, unsigned space, const struct query_op *op)
{
    struct seen seen;
    see(trial, core, space, &seen);
    bool holds = low_level_query(&seen.low1, &seen.low2, op, &trial->violation) &&
                 high_level_query(&seen.high1, &seen.high2, op, &trial->violation) &&
                 extended_query(&trial->s1, &trial->s2, space, op, &trial->violation);
    unsee(&seen);
    return holds;
}

static void view_after(struct trial *trial)
{
    machine_view(&trial->machine, trial->plain ? PLAIN_EXTENSIONS : EXTENSIONS, &trial->s2);
}

bool trial_map(struct trial *trial, unsigned core, unsigned space, uint64_t va, const struct frame *frame)
{
    struct map_op op = {.vaddr = va, .frame = *frame};
    enum pagetable_result result = machine_map(&trial->machine, core, space, va, frame);
    op.result = result_of(result);
    (void)snprintf(trial->what, sizeof trial->what,
                   "core %u, space %u: map 0x%" PRIx64 " to 0x%" PRIx64 " 2^%u 0x%x: %s", core, space, va,
                   frame->base, frame->size_lg2, (unsigned)frame->attributes, pagetable_result_name(result));
    view_after(trial);
    return judge_map(trial, core, space, &op);
}

bool trial_unmap(struct trial *trial, unsigned core, unsigned space, uint64_t va)
{
    struct unmap_op op = {.vaddr = va};
    enum pagetable_result result = machine_unmap(&trial->machine, core, space, va);
    op.result = result_of(result);
    (void)snprintf(trial->what, sizeof trial->what, "core %u, space %u: unmap 0x%" PRIx64 ": %s", core, space,
                   va, pagetable_result_name(result));
    view_after(trial);
    return judge_unmap(trial, core, space, &op);
}

bool trial_protect(struct trial *trial, unsigned core, unsigned space, uint64_t va, uint32_t attributes)
{
    struct protect_op op = {.vaddr = va, .attributes = attributes};
    enum pagetable_result result = machine_protect(&trial->machine, core, space, va, attributes);
    op.result = result_of(result);
    (void)snprintf(trial->what, sizeof trial->what, "core %u, space %u: protect 0x%" PRIx64 " 0x%x: %s", core,
                   space, va, (unsigned)attributes, pagetable_result_name(result));
    view_after(trial);
    return judge_protect(trial, core, space, &op);
}

static bool step_query(struct trial *trial, unsigned core, unsigned space)
{
    struct query_op op = {.vaddr = machine_random_va(&trial->machine, 12) + below(trial, 4096)};
    enum pagetable_result result = machine_query(&trial->machine, core, space, op.vaddr, &op.found);
    op.result = result_of(result);
    (void)snprintf(trial->what, sizeof trial->what, "core %u, space %u: query 0x%" PRIx64 ": %s", core, space,
                   op.vaddr, pagetable_result_name(result));
    view_after(trial);
    return judge_query(trial, core, space, &op);
}

static bool judge_read(struct trial *trial, unsigned core, enum access_kind kind, const struct read_op *op)
{
    struct seen seen;
    bool holds;
    see(trial, core, trial->s1.core[core].space, &seen);
    if (kind == ACCESS_FETCH)
        holds = low_level_fetch(&seen.low1, &seen.low2, op, &trial->violation) &&
                high_level_fetch(&seen.high1, &seen.high2, op, &trial->violation) &&
                extended_fetch(&trial->s1, &trial->s2, core, op, &trial->violation);
    else
        holds = low_level_read(&seen.low1, &seen.low2, op, &trial->violation) &&
                high_level_read(&seen.high1, &seen.high2, op, &trial->violation) &&
                extended_read(&trial->s1, &trial->s2, core, op, &trial->violation);
    unsee(&seen);
    return holds;
}

static bool judge_write(struct trial *trial, unsigned core, const struct write_op *op)
{
    struct seen seen;
    see(trial, core, trial->s1.core[core].space, &seen);
    bool holds = low_level_write(&seen.low1, &seen.low2, op, &trial->violation) &&
                 high_level_write(&seen.high1, &seen.high2, op, &trial->violation) &&
                 extended_write(&trial->s1, &trial->s2, core, op, &trial->violation);
    unsee(&seen);
    return holds;
}

bool trial_access(struct trial *trial, unsigned core, const struct trial_access *access)
{
    uint64_t value = access->stored;
    bool ok = machine_access(&trial->machine, core, access->kind, access->privilege, access->va, &value);
    const enum result result = ok ? RESULT_OK : RESULT_ERR;
    const struct read_op read = {access->va, access->privilege, result, value};
    const struct write_op write = {access->va, access->privilege, access->stored, result};
    (void)snprintf(trial->what, sizeof trial->what, "core %u: access %d at 0x%" PRIx64 " by %d: %s", core,
                   (int)access->kind, access->va, (int)access->privilege, ok ? "ok" : "fault");
    view_after(trial);
    return access->kind == ACCESS_STORE ? judge_write(trial, core, &write)
                                        : judge_read(trial, core, access->kind, &read);
}

static bool step_drain(struct trial *trial, unsigned core)
{
    bool of_table = trial->machine.core[core].stores[0].of_table;
    if (!machine_drain(&trial->machine, core))
        return true;
    (void)snprintf(trial->what, sizeof trial->what, "core %u: drain", core);
    view_after(trial);
    if (of_table) /* page-table code has returned: whatever it left in the buffer must not matter */
        return clause_holds(
            &(struct clause){"extended.drain", &trial->violation},
            mappings_equal(&trial->s1.space[0].pt.interpretation, &trial->s2.space[0].pt.interpretation) &&
                mappings_equal(&trial->s1.space[1].pt.interpretation, &trial->s2.space[1].pt.interpretation),
            "a store that an operation left in the buffer changes a page table");
    return extended_drain(&trial->s1, &trial->s2, core, &trial->violation);
}

bool trial_evict(struct trial *trial, unsigned core)
{
    unsigned space;
    uint64_t base;
    struct seen seen;
    if (!machine_evict(&trial->machine, core, &space, &base))
        return true;
    (void)snprintf(trial->what, sizeof trial->what, "core %u, space %u: evict 0x%" PRIx64, core, space, base);
    view_after(trial);
    see(trial, core, space, &seen);
    bool holds = low_level_tlb_evict(&seen.low1, &seen.low2, base, &trial->violation) &&
                 high_level_identity(&seen.high1, &seen.high2, &trial->violation) &&
                 extended_tlb_evict(&trial->s1, &trial->s2, core, space, base, &trial->violation);
    unsee(&seen);
    return holds;
}

static bool step_switch(struct trial *trial, unsigned core)
{
    const unsigned space = trial->one_space ? 0 : (unsigned)below(trial, MACHINE_SPACES);
    trial->machine.core[core].space = space;
    (void)snprintf(trial->what, sizeof trial->what, "core %u: switch to space %u", core, space);
    view_after(trial);
    return extended_switch(&trial->s1, &trial->s2, core, space, &trial->violation);
}

static bool step_speculate(struct trial *trial)
{
    struct seen seen;
    bool holds = true;
    machine_speculate(&trial->machine);
    (void)snprintf(trial->what, sizeof trial->what, "speculation");
    view_after(trial);
    for (unsigned core = 0; holds && core < MACHINE_CORES; core++) {
        see(trial, core, trial->s1.core[core].space, &seen);
        holds = low_level_speculate(&seen.low1, &seen.low2, &trial->violation) &&
                high_level_identity(&seen.high1, &seen.high2, &trial->violation);
        unsee(&seen);
    }
    return holds;
}

/* ---- Random steps ---- */

static bool step_map(struct trial *trial, unsigned core, unsigned space)
{
    const struct frame frame = random_frame(trial);
    const uint64_t va = machine_random_va(&trial->machine, below(trial, 16) ? frame.size_lg2 : 11);
    return trial_map(trial, core, space, va, &frame);
}

static bool step_unmap(struct trial *trial, unsigned core, unsigned space)
{
    return trial_unmap(trial, core, space, machine_random_va(&trial->machine, random_size(trial)));
}

static bool step_protect(struct trial *trial, unsigned core, unsigned space)
{
    const uint64_t va = machine_random_va(&trial->machine, random_size(trial));
    uint32_t attributes = random_attributes(trial);
    struct mapping found;
    if (abstract_map_find(trial->machine.space[space].mappings, va, &found))
        attributes = without_state_of_runs(trial, found.frame.size_lg2, attributes);
    return trial_protect(trial, core, space, va, attributes);
}

static bool step_access(struct trial *trial, unsigned core)
{
    const struct trial_access access = {
        .kind = (enum access_kind)below(trial, trial->plain ? ACCESS_FETCH : ACCESS_KINDS),
        .privilege = trial->plain ? PRIVILEGE_USER : (enum privilege)(below(trial, 4) == 0),
        .va = machine_random_va(&trial->machine, 12) + 8 * below(trial, 2),
        .stored = 1 + below(trial, 100)};
    return trial_access(trial, core, &access);
}

/* ---- Runs ---- */

/* Page-table code sees its own stores, and so does its check of itself. */
static bool read_forwarded(void *context, uint64_t pa, uint64_t *value)
{
    const struct machine *machine = context;
    bool there = machine->reader.read(machine->reader.context, pa, value);
    for (unsigned core = 0; core < MACHINE_CORES; core++)
        for (unsigned i = 0; i < machine->core[core].store_count; i++)
            if (machine->core[core].stores[i].pa == pa)
                *value = machine->core[core].stores[i].value;
    return there;
}

bool trial_invariants_hold(struct trial *trial)
{
    struct seen seen;
    bool holds = extended_invariants(&trial->s2, &trial->violation);
    for (unsigned space = 0; holds && space < MACHINE_SPACES; space++) {
        struct concrete_table concrete = trial->machine.space[space].concrete;
        concrete.memory = (struct memory_reader){read_forwarded, &trial->machine};
        holds = page_table_invariants(&concrete, &trial->violation);
        see(trial, 0, space, &seen);
        holds = holds &&
                tables_are_isolated(&seen.low2, trial->machine.blocks, trial->machine.block_count,
                                    &trial->violation) &&
                empty_tables_are_released(concrete.table, &seen.low2, machine_blocks(&trial->machine, space),
                                          trial->machine.space[space].blocks_of_empty, &trial->violation);
        unsee(&seen);
    }
    return holds;
}

/* Other cores' stores are in memory before an operation: their order with it is nobody's promise. */
static bool drain_others(struct trial *trial, unsigned core)
{
    for (unsigned other = 0; other < MACHINE_CORES; other++)
        while (other != core && trial->machine.core[other].store_count > 0) {
            if (!step_drain(trial, other))
                return false;
            assert_true(extended_state_copy(&trial->s1, &trial->s2));
        }
    return true;
}

static bool step(struct trial *trial)
{
    const unsigned core = trial->plain ? 0 : (unsigned)below(trial, MACHINE_CORES);
    const unsigned space = trial->plain || trial->one_space ? 0 : (unsigned)below(trial, MACHINE_SPACES);
    const unsigned wave = trial->step / 64 % 2;
    const uint64_t choice = below(trial, 20);
    if (trial->machine.core[core].store_count == MACHINE_STORES && !step_drain(trial, core))
        return false;
    assert_true(extended_state_copy(&trial->s1, &trial->s2));
    if (choice < 9 || (trial->plain && (choice == 9 || choice == 11 || choice == 12)))
        return step_access(trial, core);
    if (choice == 9)
        return step_drain(trial, core);
    if (choice == 10)
        return trial_evict(trial, core);
    if (choice == 11)
        return step_switch(trial, core);
    if (choice == 12)
        return step_speculate(trial);
    if (!drain_others(trial, core))
        return false;
    if (choice == 13)
        return step_query(trial, core, space);
    if (choice < 16)
        return step_protect(trial, core, space);
    return choice == 16 + (wave ? 3 : 0) || (wave && choice != 17) ? step_unmap(trial, core, space)
                                                                   : step_map(trial, core, space);
}

void trial_open(struct trial *trial, const struct machine_config *config, uint64_t seed, bool plain)
{
    *trial = (struct trial){.one_space = seed % 3 == 0, .plain = plain};
    machine_open(&trial->machine, config, seed);
    view_after(trial);
}

void trial_close(struct trial *trial)
{
    machine_close(&trial->machine);
    extended_state_destroy(&trial->s1);
    extended_state_destroy(&trial->s2);
}

bool trial_random_step(struct trial *trial)
{
    trial->step++;
    return step(trial) && trial_invariants_hold(trial);
}

void trial_next(struct trial *trial)
{
    assert_true(extended_state_copy(&trial->s1, &trial->s2));
}

bool trial_run(struct trial *trial, const struct machine_config *config, uint64_t seed, bool plain)
{
    bool holds = true;
    trial_open(trial, config, seed, plain);
    while (holds && trial->step < STEPS)
        holds = trial_random_step(trial);
    trial_close(trial);
    return holds;
}

struct machine_config trial_config(const struct pagetable_class *table, const struct walk_format *format,
                                   uint64_t seed)
{
    struct machine_config config = {.table = table,
                                    .format = format,
                                    .aliasing = seed & 1,
                                    .ordering = seed >> 1 & 1,
                                    .walk_caches = true,
                                    .interference = true};
    if (format->updates == UPDATES_ALWAYS)
        config.hardware_access = config.hardware_dirty = true;
    else
        config.hardware_access = config.hardware_dirty = seed >> 2 & 1;
    return config;
}
