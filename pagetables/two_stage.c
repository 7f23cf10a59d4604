#include "pagetables/two_stage.h"

#include <assert.h>
#include <string.h>

/* Walks of stage 1 have no privilege of their own; as loads and stores of the kernel stage 2 judges them. */
#define TABLE_LOAD  ACCESS_RIGHT(PRIVILEGE_KERNEL, ACCESS_LOAD)
#define TABLE_STORE ACCESS_RIGHT(PRIVILEGE_KERNEL, ACCESS_STORE)

#define LOADS  (ACCESS_RIGHT(PRIVILEGE_USER, ACCESS_LOAD) | ACCESS_RIGHT(PRIVILEGE_KERNEL, ACCESS_LOAD))
#define STORES (ACCESS_RIGHT(PRIVILEGE_USER, ACCESS_STORE) | ACCESS_RIGHT(PRIVILEGE_KERNEL, ACCESS_STORE))

static bool leaf_contains(const struct walk_leaf *leaf, uint64_t address)
{
    return (address ^ leaf->va) >> leaf->frame.size_lg2 == 0;
}

static uint64_t leaf_translates(const struct walk_leaf *leaf, uint64_t address)
{
    return leaf->frame.base + (address - leaf->va);
}

static struct two_stage_translation *current(struct two_stage_walk *walk)
{
    return walk->on_table ? &walk->table : &walk->output;
}

/* ---- Ends ---- */

static enum two_stage_status fault_of_stage1(struct two_stage_walk *walk, enum fault_kind kind,
                                             unsigned level)
{
    walk->fault = (struct two_stage_fault){.kind = (uint8_t)kind, .level = (uint8_t)level, .stage = 1};
    return TWO_STAGE_FAULT;
}

static enum two_stage_status fault_of_stage2(struct two_stage_walk *walk, enum fault_kind kind,
                                             unsigned level)
{
    walk->fault = (struct two_stage_fault){.ipa = walk->ipa,
                                           .kind = (uint8_t)kind,
                                           .level = (uint8_t)level,
                                           .stage = 2,
                                           .on_table = walk->on_table,
                                           .table_store = walk->on_table && walk->store};
    return TWO_STAGE_FAULT;
}

static enum two_stage_status refused_by_stage1(struct two_stage_walk *walk)
{
    const struct walk_leaf *leaf = &walk->stage1.leaf;
    (void)fault_of_stage1(walk, FAULT_PERMISSION, leaf->level);
    walk->fault.rights = leaf->rights_when_dirty;
    walk->fault.attributes = leaf->frame.attributes;
    return TWO_STAGE_FAULT;
}

static enum two_stage_status refused_by_stage2(struct two_stage_walk *walk)
{
    const struct walk_leaf *leaf = &current(walk)->leaf;
    (void)fault_of_stage2(walk, FAULT_PERMISSION, leaf->level);
    walk->fault.rights = leaf->rights_when_dirty;
    walk->fault.attributes = leaf->frame.attributes;
    return TWO_STAGE_FAULT;
}

static bool stage1_allows(const struct two_stage_walk *walk, unsigned right)
{
    const struct walk_leaf *leaf = &walk->stage1.leaf;
    return walk_allowed(walk->regime->stage1->format, &walk->access.controls, leaf->rights_when_dirty,
                        leaf->frame.attributes) &
           right;
}

/* Stage 2 has no translation. Arm ARM, D8.1.5: a fault of stage 1 comes before one of stage 2 on what stage 1
 * translates to. */
static enum two_stage_status fault_in_stage2(struct two_stage_walk *walk, enum fault_kind kind,
                                             unsigned level)
{
    const unsigned right = walk->access.right;
    bool output = !walk->on_table;
    return output && right && !stage1_allows(walk, right) ? refused_by_stage1(walk)
                                                          : fault_of_stage2(walk, kind, level);
}

static uint32_t memory_type(const struct walk_format *format1, uint32_t stage1, uint32_t stage2)
{
    const uint32_t types = FRAME_DEVICE | FRAME_NONCACHEABLE;
    if (format1->stage1_memory_type && stage1 & types)
        return stage1 & types;
    return (stage1 | stage2) & FRAME_DEVICE ? FRAME_DEVICE : (stage1 | stage2) & FRAME_NONCACHEABLE;
}

uint32_t two_stage_attributes(const struct walk_format *format1, uint32_t stage1, uint32_t stage2)
{
    const uint32_t both = FRAME_READABLE | FRAME_WRITABLE | FRAME_EXECUTABLE;
    return (stage1 & stage2 & both) | (stage1 & (FRAME_USER | FRAME_GLOBAL | FRAME_KEY_ALL)) |
           memory_type(format1, stage1, stage2);
}

/* What stage 2 lets through of what stage 1 allows: what MXR makes readable at stage 1 needs loads here. */
static uint8_t stage2_rights(const struct translation_regime *stage2, uint8_t rights, uint32_t attributes)
{
    uint8_t now = walk_allowed(stage2->format, &stage2->controls, rights, attributes);
    return now & LOADS ? now | ACCESS_RIGHT_MXR : now;
}

static enum two_stage_status end_with_leaf(struct two_stage_walk *walk)
{
    const struct translation_regime *stage2 = walk->regime->stage2;
    const struct walk_leaf *first = &walk->stage1.leaf;
    const struct walk_leaf *second = &walk->output.leaf;
    const uint32_t attributes = second->frame.attributes;
    bool first_smaller = first->frame.size_lg2 < second->frame.size_lg2;
    uint8_t size_lg2 = first_smaller ? first->frame.size_lg2 : second->frame.size_lg2;
    uint64_t in_frame = (UINT64_C(1) << size_lg2) - 1;
    walk->leaf =
        (struct walk_leaf){.va = walk->va & ~in_frame,
                           .frame = {.base = leaf_translates(second, walk->ipa & ~in_frame),
                                     .attributes = two_stage_attributes(walk->regime->stage1->format,
                                                                        first->frame.attributes, attributes),
                                     .size_lg2 = size_lg2},
                           .rights = first->rights & stage2_rights(stage2, second->rights, attributes),
                           .rights_when_dirty = first->rights_when_dirty &
                                                stage2_rights(stage2, second->rights_when_dirty, attributes),
                           .stage1_rights = first->rights_when_dirty,
                           .level = first->level,
                           .stage2_level = second->level,
                           .stage1_size_lg2 = first->frame.size_lg2};
    return TWO_STAGE_LEAF;
}

/* ---- Questions ---- */

static bool updates_stage1(const struct two_stage_walk *walk)
{
    return walk->step == TWO_STAGE_UPDATES_TABLE || walk->step == TWO_STAGE_UPDATES_LEAF;
}

/* SDM volume 3, "Accessed and Dirty Flags for EPT": with them, every access to a table counts as a store. */
static bool table_reads_store(const struct two_stage_walk *walk)
{
    const struct translation_regime *stage2 = walk->regime->stage2;
    return stage2->format->table_accesses_store && stage2->hardware_access && stage2->hardware_dirty;
}

static enum two_stage_status ask_translation(struct two_stage_walk *walk, uint64_t ipa, bool on_table)
{
    bool in_use = walk->step == TWO_STAGE_USES;
    walk->ipa = ipa;
    walk->on_table = on_table;
    walk->walk_only = in_use || updates_stage1(walk);
    walk->store = on_table ? walk->walk_only || table_reads_store(walk) : in_use && walk->use_stores;
    current(walk)->known = false;
    return TWO_STAGE_TRANSLATE;
}

/* A cached answer did not do. */
static enum two_stage_status ask_walk(struct two_stage_walk *walk)
{
    walk->walk_only = true;
    current(walk)->known = false;
    return TWO_STAGE_TRANSLATE;
}

static enum two_stage_status ask_words(struct two_stage_walk *walk, unsigned stage,
                                       const struct walk_state *of, const uint64_t *pa)
{
    walk->stage = (uint8_t)stage;
    walk->level = of->level;
    walk->fetches = of->fetches;
    walk->fetch_words = of->fetch_words;
    memcpy(walk->fetch, pa, of->fetches * sizeof *pa);
    return TWO_STAGE_FETCH;
}

/* Translates what stage 1 wants to read, one after the other, and then asks for it. Words that are wanted at
 * one address are aligned to their size, so they are in one page. */
static enum two_stage_status ask_stage1_words(struct two_stage_walk *walk)
{
    for (; walk->translated < walk->stage1.fetches; walk->translated++) {
        uint64_t ipa = walk->stage1.fetch[walk->translated];
        if (!walk->table.known || !leaf_contains(&walk->table.leaf, ipa))
            return ask_translation(walk, ipa, true);
        walk->wanted[walk->translated] = leaf_translates(&walk->table.leaf, ipa);
    }
    return ask_words(walk, 1, &walk->stage1, walk->wanted);
}

/* An entry of stage 1 has to change, at an intermediate address: a store to its table. */
static enum two_stage_status update_stage1(struct two_stage_walk *walk, const struct walk_update *update)
{
    const struct walk_leaf *leaf = &walk->table.leaf;
    if (!walk->table.known || !leaf_contains(leaf, update->pa) || !(leaf->rights & TABLE_STORE))
        return ask_translation(walk, update->pa, true);
    walk->update = *update;
    walk->update.pa = leaf_translates(leaf, update->pa);
    walk->stage = 1;
    return TWO_STAGE_UPDATE;
}

static enum two_stage_status update_stage2(struct two_stage_walk *walk, const struct walk_update *update,
                                           bool on_the_way)
{
    walk->update = *update;
    walk->stage = 2;
    walk->on_the_way = on_the_way;
    return TWO_STAGE_UPDATE;
}

/* ---- From stage 1's leaf to that of both ---- */

/*
 * RISC-V Privileged, 4.3.2, steps 5 and 7, come before the address is translated by the G stage (8.5): the
 * access is judged, and A and D are set. Intel SDM volume 3, 29.3.3.3, "Prioritization of EPT
 * Misconfigurations and EPT Violations": the guest's privileges are evaluated before that, too.
 */
static enum two_stage_status leaf_of_stage1(struct two_stage_walk *walk)
{
    const unsigned right = walk->access.right;
    struct walk_update update;
    if (right && walk->regime->stage1->format->updates_before_output) {
        walk->step = TWO_STAGE_UPDATES_LEAF;
        if (!stage1_allows(walk, right))
            return refused_by_stage1(walk);
        if (walk_needs_update(&walk->stage1, right & STORES, &update))
            return update_stage1(walk, &update);
    }
    walk->step = TWO_STAGE_OUTPUT;
    return ask_translation(walk, leaf_translates(&walk->stage1.leaf, walk->va), false);
}

/* Hardware updates before the use of a leaf. */
static enum two_stage_status use(struct two_stage_walk *walk)
{
    struct two_stage_translation *output = &walk->output;
    struct walk_update update;
    if (walk_needs_update(&walk->stage1, walk->use_stores, &update))
        return update_stage1(walk, &update);
    uint64_t ipa = leaf_translates(&walk->stage1.leaf, walk->va);
    /* A cached translation of a clean page has to be walked before a store. */
    bool clean = output->leaf.rights_when_dirty & ~output->leaf.rights;
    if (!output->walked && walk->use_stores && clean)
        return ask_translation(walk, ipa, false);
    walk->ipa = ipa;
    walk->on_table = false;
    if (output->walked && walk_needs_update(&output->walk, walk->use_stores, &update))
        return update_stage2(walk, &update, false);
    walk->fresh = output->walked;
    return end_with_leaf(walk);
}

/* ---- Answers ---- */

/* What was asked for is known, or done. */
static enum two_stage_status go_on(struct two_stage_walk *walk)
{
    switch ((enum two_stage_step)walk->step) {
    case TWO_STAGE_READS:
        return ask_stage1_words(walk);
    case TWO_STAGE_UPDATES_TABLE:
        return update_stage1(walk, &walk->stage1.table_update);
    case TWO_STAGE_UPDATES_LEAF:
        return leaf_of_stage1(walk);
    case TWO_STAGE_OUTPUT:
        return end_with_leaf(walk);
    case TWO_STAGE_USES:
        return use(walk);
    }
    return TWO_STAGE_FAULT;
}

static enum two_stage_status after_stage1(struct two_stage_walk *walk, enum walk_status status)
{
    switch (status) {
    case WALK_FETCH:
        walk->step = TWO_STAGE_READS;
        walk->translated = 0;
        return go_on(walk);
    case WALK_UPDATE:
        walk->step = TWO_STAGE_UPDATES_TABLE;
        return go_on(walk);
    case WALK_LEAF:
        return leaf_of_stage1(walk);
    default:
        return fault_of_stage1(walk, walk->stage1.fault, walk->stage1.fault_level);
    }
}

/* After a step of stage 1: the table that was read stays known only while its entry is at work, for updates.
 */
static enum two_stage_status after_step_of_stage1(struct two_stage_walk *walk, enum walk_status status)
{
    if (status == WALK_FETCH)
        walk->table.known = false;
    return after_stage1(walk, status);
}

/* Stage 2 has translated an entry of stage 1, which is about to be read or changed. */
static bool refuses_table(const struct two_stage_walk *walk)
{
    const struct translation_regime *stage2 = walk->regime->stage2;
    return stage2->format->refuses_table && stage2->format->refuses_table(stage2, &walk->table.leaf);
}

static enum two_stage_status table_translated(struct two_stage_walk *walk)
{
    struct two_stage_translation *table = &walk->table;
    unsigned right = walk->store ? TABLE_STORE : TABLE_LOAD;
    struct walk_update update;
    if (!(table->leaf.rights_when_dirty & right) || refuses_table(walk))
        return refused_by_stage2(walk);
    if (!table->walked && !(table->leaf.rights & right))
        return ask_walk(walk);
    if (table->walked && walk_needs_update(&table->walk, walk->store, &update))
        return update_stage2(walk, &update, false);
    walk->fresh = table->walked;
    return go_on(walk);
}

static enum two_stage_status translated(struct two_stage_walk *walk)
{
    current(walk)->known = true;
    return walk->on_table ? table_translated(walk) : go_on(walk);
}

static enum two_stage_status after_stage2(struct two_stage_walk *walk, enum walk_status status)
{
    struct two_stage_translation *translation = current(walk);
    const struct walk_state *state = &translation->walk;
    switch (status) {
    case WALK_FETCH:
        return ask_words(walk, 2, state, state->fetch);
    case WALK_UPDATE:
        return update_stage2(walk, &state->table_update, true);
    case WALK_LEAF:
        translation->leaf = state->leaf;
        translation->walked = true;
        return translated(walk);
    default:
        return fault_in_stage2(walk, state->fault, state->fault_level);
    }
}

/* ---- The caller's side ---- */

static void clear(struct two_stage_walk *walk, const struct two_stage_regime *regime, uint64_t va,
                  const struct two_stage_access *access)
{
    walk->regime = regime;
    walk->va = va;
    walk->access = access ? *access : (struct two_stage_access){.controls = regime->stage1->controls};
    walk->fresh = false;
    walk->use_stores = false;
    walk->table.known = false;
    walk->output.known = false;
}

enum two_stage_status two_stage_start(struct two_stage_walk *walk, const struct two_stage_regime *regime,
                                      uint64_t va, const struct two_stage_access *access)
{
    clear(walk, regime, va, access);
    return after_stage1(walk, regime->stage1->format->start(&walk->stage1, regime->stage1, va));
}

enum two_stage_status two_stage_enter(struct two_stage_walk *walk, const struct two_stage_regime *regime,
                                      uint64_t va, const struct two_stage_access *access,
                                      const struct walk_table *table, const struct walk_leaf *known)
{
    clear(walk, regime, va, access);
    if (known) {
        walk->table.leaf = *known;
        walk->table.known = true;
        walk->table.walked = false;
    }
    return after_stage1(walk, regime->stage1->format->enter(&walk->stage1, regime->stage1, va, table));
}

enum two_stage_status two_stage_answer(struct two_stage_walk *walk, const struct walk_leaf *leaf)
{
    assert(!walk->walk_only && leaf_contains(leaf, walk->ipa));
    walk->fresh = false;
    current(walk)->leaf = *leaf;
    current(walk)->walked = false;
    return translated(walk);
}

enum two_stage_status two_stage_walk_stage2(struct two_stage_walk *walk, const struct walk_table *table)
{
    const struct translation_regime *stage2 = walk->regime->stage2;
    struct walk_state *state = &current(walk)->walk;
    walk->fresh = false;
    return after_stage2(walk, table ? stage2->format->enter(state, stage2, walk->ipa, table)
                                    : stage2->format->start(state, stage2, walk->ipa));
}

enum two_stage_status two_stage_resume(struct two_stage_walk *walk, const uint64_t *words)
{
    walk->fresh = false;
    if (walk->stage == 2)
        return after_stage2(walk, walk->regime->stage2->format->resume(&current(walk)->walk, words));
    return after_step_of_stage1(walk, walk->regime->stage1->format->resume(&walk->stage1, words));
}

enum two_stage_status two_stage_abort(struct two_stage_walk *walk)
{
    walk->fresh = false;
    return walk->stage == 2 ? fault_in_stage2(walk, FAULT_EXTERNAL_ABORT, walk->level)
                            : fault_of_stage1(walk, FAULT_EXTERNAL_ABORT, walk->level);
}

static enum two_stage_status updated_stage2(struct two_stage_walk *walk)
{
    struct two_stage_translation *translation = current(walk);
    enum walk_status status = walk->regime->stage2->format->updated(&translation->walk);
    if (walk->on_the_way)
        return after_stage2(walk, status);
    translation->leaf = translation->walk.leaf;
    return translated(walk);
}

enum two_stage_status two_stage_updated(struct two_stage_walk *walk)
{
    walk->fresh = false;
    if (walk->stage == 2)
        return updated_stage2(walk);
    enum walk_status status = walk->regime->stage1->format->updated(&walk->stage1);
    return walk->step == TWO_STAGE_UPDATES_TABLE ? after_step_of_stage1(walk, status) : go_on(walk);
}

enum two_stage_status two_stage_use(struct two_stage_walk *walk, bool store)
{
    walk->fresh = false;
    walk->step = TWO_STAGE_USES;
    walk->use_stores = store;
    return use(walk);
}

enum two_stage_status two_stage_refuse(struct two_stage_walk *walk, unsigned right)
{
    walk->fresh = false;
    return stage1_allows(walk, right) ? refused_by_stage2(walk) : refused_by_stage1(walk);
}

bool two_stage_table1(const struct two_stage_walk *walk, struct walk_table *table, struct walk_leaf *stage2)
{
    const struct walk_format *format = walk->regime->stage1->format;
    *stage2 = walk->table.leaf;
    return format->table && format->table(&walk->stage1, table);
}

bool two_stage_table2(const struct two_stage_walk *walk, struct walk_table *table)
{
    const struct walk_format *format = walk->regime->stage2->format;
    return format->table && format->table(walk->on_table ? &walk->table.walk : &walk->output.walk, table);
}

static enum two_stage_status read_words(struct two_stage_walk *walk, const struct memory_reader *memory)
{
    uint64_t words[WALK_WORDS_MAX];
    for (unsigned i = 0; i < walk->fetches * (unsigned)walk->fetch_words; i++) {
        uint64_t pa = walk->fetch[i / walk->fetch_words] + i % walk->fetch_words * sizeof *words;
        if (!memory->read(memory->context, pa, &words[i]))
            return two_stage_abort(walk);
    }
    return two_stage_resume(walk, words);
}

enum two_stage_status two_stage_address(const struct two_stage_regime *regime,
                                        const struct memory_reader *memory, uint64_t va,
                                        struct two_stage_walk *walk)
{
    enum two_stage_status status = two_stage_start(walk, regime, va, NULL);
    while (status != TWO_STAGE_LEAF && status != TWO_STAGE_FAULT) {
        if (status == TWO_STAGE_TRANSLATE)
            status = two_stage_walk_stage2(walk, NULL);
        else if (status == TWO_STAGE_FETCH)
            status = read_words(walk, memory);
        else
            status = two_stage_updated(walk);
    }
    return status;
}
