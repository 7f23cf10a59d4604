#include "pagetables/two_stage.h"

#include <assert.h>
#include <string.h>

/* Walks of stage 1 have no privilege of their own; as loads and stores of the kernel stage 2 judges them. */
#define TABLE_LOAD  ACCESS_RIGHT(PRIVILEGE_KERNEL, ACCESS_LOAD)
#define TABLE_STORE ACCESS_RIGHT(PRIVILEGE_KERNEL, ACCESS_STORE)

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
                                           .on_table = walk->on_table};
    return TWO_STAGE_FAULT;
}

uint32_t two_stage_attributes(uint32_t stage1, uint32_t stage2)
{
    const uint32_t both = FRAME_READABLE | FRAME_WRITABLE | FRAME_EXECUTABLE;
    return (stage1 & stage2 & both) | (stage1 & (FRAME_USER | FRAME_GLOBAL)) |
           ((stage1 | stage2) & FRAME_DEVICE);
}

static enum two_stage_status end_with_leaf(struct two_stage_walk *walk)
{
    const struct walk_leaf *first = &walk->stage1.leaf;
    const struct walk_leaf *second = &walk->output.leaf;
    bool first_smaller = first->frame.size_lg2 < second->frame.size_lg2;
    uint8_t size_lg2 = first_smaller ? first->frame.size_lg2 : second->frame.size_lg2;
    uint64_t in_frame = (UINT64_C(1) << size_lg2) - 1;
    walk->leaf = (struct walk_leaf){
        .va = walk->va & ~in_frame,
        .frame = {.base = leaf_translates(second, walk->ipa & ~in_frame),
                  .attributes = two_stage_attributes(first->frame.attributes, second->frame.attributes),
                  .size_lg2 = size_lg2},
        .rights = first->rights & second->rights,
        .rights_when_dirty = first->rights_when_dirty & second->rights_when_dirty,
        .stage1_rights = first->rights_when_dirty,
        .level = first->level,
        .stage2_level = second->level};
    return TWO_STAGE_LEAF;
}

/* ---- Questions ---- */

static enum two_stage_status ask_translation(struct two_stage_walk *walk, uint64_t ipa, bool on_table)
{
    walk->ipa = ipa;
    walk->on_table = on_table;
    walk->store = walk->in_use && (on_table || walk->use_stores);
    walk->walk_only = walk->in_use;
    current(walk)->known = false;
    return TWO_STAGE_TRANSLATE;
}

static enum two_stage_status ask_words(struct two_stage_walk *walk, unsigned stage,
                                       const struct walk_state *of, const uint64_t *pa)
{
    walk->stage = (uint8_t)stage;
    walk->level = of->level;
    walk->fetches = of->fetches;
    memcpy(walk->fetch, pa, of->fetches * sizeof *pa);
    return TWO_STAGE_FETCH;
}

/* Translates what stage 1 wants to read, one after the other, and then asks for it. */
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

static enum two_stage_status after_stage1(struct two_stage_walk *walk, enum walk_status status)
{
    const struct walk_leaf *leaf = &walk->stage1.leaf;
    assert(status != WALK_UPDATE);
    switch (status) {
    case WALK_FETCH:
        walk->translated = 0;
        return ask_stage1_words(walk);
    case WALK_LEAF:
        return ask_translation(walk, leaf_translates(leaf, walk->va), false);
    default:
        return fault_of_stage1(walk, walk->stage1.fault, walk->stage1.fault_level);
    }
}

/* ---- Hardware updates before the use of a leaf ---- */

/* An entry of stage 1 has to change: a store to its table. */
static enum two_stage_status update_stage1(struct two_stage_walk *walk)
{
    uint64_t ipa = walk->update.pa;
    const struct walk_leaf *leaf = &walk->table.leaf;
    if (!walk->table.known || !leaf_contains(leaf, ipa) || !(leaf->rights & TABLE_STORE))
        return ask_translation(walk, ipa, true);
    walk->update.pa = leaf_translates(leaf, ipa);
    walk->stage = 1;
    return TWO_STAGE_UPDATE;
}

static enum two_stage_status update_stage2(struct two_stage_walk *walk)
{
    walk->stage = 2;
    return TWO_STAGE_UPDATE;
}

static enum two_stage_status go_on_using(struct two_stage_walk *walk)
{
    struct two_stage_translation *output = &walk->output;
    if (walk_needs_update(&walk->stage1, walk->use_stores, &walk->update))
        return update_stage1(walk);
    uint64_t ipa = leaf_translates(&walk->stage1.leaf, walk->va);
    /* A cached translation of a clean page has to be walked before a store. */
    bool clean = output->leaf.rights_when_dirty & ~output->leaf.rights;
    if (!output->walked && walk->use_stores && clean)
        return ask_translation(walk, ipa, false);
    walk->ipa = ipa;
    walk->on_table = false;
    if (output->walked && walk_needs_update(&output->walk, walk->use_stores, &walk->update))
        return update_stage2(walk);
    walk->fresh = output->walked;
    return end_with_leaf(walk);
}

/* ---- Answers ---- */

/* Stage 2 has translated an entry of stage 1, which is about to be read or changed. */
static enum two_stage_status table_translated(struct two_stage_walk *walk)
{
    struct two_stage_translation *table = &walk->table;
    unsigned right = walk->in_use ? TABLE_STORE : TABLE_LOAD;
    if (!(table->leaf.rights_when_dirty & right))
        return fault_of_stage2(walk, FAULT_PERMISSION, table->leaf.level);
    if (table->walked && walk_needs_update(&table->walk, walk->in_use, &walk->update))
        return update_stage2(walk);
    walk->fresh = table->walked;
    return walk->in_use ? go_on_using(walk) : ask_stage1_words(walk);
}

static enum two_stage_status translated(struct two_stage_walk *walk)
{
    current(walk)->known = true;
    if (walk->on_table)
        return table_translated(walk);
    return walk->in_use ? go_on_using(walk) : end_with_leaf(walk);
}

static enum two_stage_status after_stage2(struct two_stage_walk *walk, enum walk_status status)
{
    struct two_stage_translation *translation = current(walk);
    assert(status != WALK_UPDATE);
    switch (status) {
    case WALK_FETCH:
        return ask_words(walk, 2, &translation->walk, translation->walk.fetch);
    case WALK_LEAF:
        translation->leaf = translation->walk.leaf;
        translation->walked = true;
        return translated(walk);
    default:
        return fault_of_stage2(walk, translation->walk.fault, translation->walk.fault_level);
    }
}

/* ---- The interface ---- */

static void clear(struct two_stage_walk *walk, const struct two_stage_regime *regime, uint64_t va)
{
    walk->regime = regime;
    walk->va = va;
    walk->fresh = false;
    walk->in_use = false;
    walk->use_stores = false;
    walk->table.known = false;
    walk->output.known = false;
}

enum two_stage_status two_stage_start(struct two_stage_walk *walk, const struct two_stage_regime *regime,
                                      uint64_t va)
{
    clear(walk, regime, va);
    return after_stage1(walk, regime->stage1->format->start(&walk->stage1, regime->stage1, va));
}

enum two_stage_status two_stage_enter(struct two_stage_walk *walk, const struct two_stage_regime *regime,
                                      uint64_t va, const struct walk_table *table,
                                      const struct walk_leaf *known)
{
    clear(walk, regime, va);
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
    enum walk_status status = walk->regime->stage1->format->resume(&walk->stage1, words);
    /* The next table is another one, even if it should stand in the same page; the last one stays known, for
     * the leaf's update. */
    if (status == WALK_FETCH)
        walk->table.known = false;
    return after_stage1(walk, status);
}

enum two_stage_status two_stage_abort(struct two_stage_walk *walk)
{
    walk->fresh = false;
    return walk->stage == 2 ? fault_of_stage2(walk, FAULT_EXTERNAL_ABORT, walk->level)
                            : fault_of_stage1(walk, FAULT_EXTERNAL_ABORT, walk->level);
}

enum two_stage_status two_stage_updated(struct two_stage_walk *walk)
{
    walk->fresh = false;
    if (walk->stage == 1) {
        walk->regime->stage1->format->updated(&walk->stage1);
        return go_on_using(walk);
    }
    struct two_stage_translation *translation = current(walk);
    walk->regime->stage2->format->updated(&translation->walk);
    translation->leaf = translation->walk.leaf;
    return translated(walk);
}

enum two_stage_status two_stage_use(struct two_stage_walk *walk, bool store)
{
    walk->fresh = false;
    walk->in_use = true;
    walk->use_stores = store;
    return go_on_using(walk);
}

enum two_stage_status two_stage_refuse(struct two_stage_walk *walk, unsigned right)
{
    walk->fresh = false;
    if (!(walk->stage1.leaf.rights_when_dirty & right))
        return fault_of_stage1(walk, FAULT_PERMISSION, walk->stage1.leaf.level);
    return fault_of_stage2(walk, FAULT_PERMISSION, walk->output.leaf.level);
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
    uint64_t words[WALK_FETCHES_MAX];
    for (unsigned i = 0; i < walk->fetches; i++)
        if (!memory->read(memory->context, walk->fetch[i], &words[i]))
            return two_stage_abort(walk);
    return two_stage_resume(walk, words);
}

enum two_stage_status two_stage_address(const struct two_stage_regime *regime,
                                        const struct memory_reader *memory, uint64_t va,
                                        struct two_stage_walk *walk)
{
    enum two_stage_status status = two_stage_start(walk, regime, va);
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
