/* The composition of two engines, over formats of one to five levels that no manual describes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

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

static uint64_t peek(const struct nest *nest, uint64_t pa)
{
    uint64_t word = 0;
    assert_true(nest->reader.read(nest->reader.context, pa, &word));
    return word;
}

static void poke(struct nest *nest, uint64_t pa, uint64_t word)
{
    assert_true(flat_memory_poke(nest->memory, pa, word));
}

/* The stage 2 entry of an intermediate address at a level; makes the tables above it. */
static uint64_t stage2_slot(struct nest *nest, uint64_t ipa, unsigned level)
{
    uint64_t table = nest->stage2.root;
    for (unsigned at = nest->m - 1;; at--) {
        uint64_t slot = table + (ipa >> synthetic_span_lg2(at) & 511) * 8;
        if (at == level)
            return slot;
        if (!(peek(nest, slot) & 1)) {
            poke(nest, slot, synthetic_table(nest->next_table));
            nest->next_table += PAGE;
        }
        table = peek(nest, slot) >> 16 << 12;
    }
}

/* Both have the leaf's offset in common, whatever its level. */
static void stage2_map(struct nest *nest, uint64_t ipa, uint64_t pa, unsigned level, unsigned rights)
{
    poke(nest, stage2_slot(nest, ipa, level), synthetic_leaf(pa, rights));
}

static uint64_t table_ipa(unsigned depth)
{
    return IPA_TABLES + depth * PAGE;
}

static uint64_t table_pa(unsigned depth)
{
    return PA_TABLES + UINT64_C(17) * depth * PAGE;
}

/* The entry of VA in the stage 1 table at a depth, by physical address. */
static uint64_t stage1_slot(const struct nest *nest, unsigned depth)
{
    return table_pa(depth) + (VA >> synthetic_span_lg2(nest->n - 1 - depth) & 511) * 8;
}

static void open_nest(struct nest *nest, unsigned n, unsigned m)
{
    const struct flat_memory_config config = {
        .physical_bytes = UINT64_C(1) << 32, .tables_base = PAGE, .tables_bytes = PAGE};
    *nest = (struct nest){.n = n, .m = m, .next_table = PA_STAGE2 + PAGE};
    nest->memory = flat_memory_create(&config);
    assert_non_null(nest->memory);
    nest->reader = flat_memory_reader(nest->memory);
    nest->stage1 = (struct translation_regime){
        .format = synthetic_format(n), .root = table_ipa(0), .physical_size_lg2 = 48};
    nest->stage2 = (struct translation_regime){
        .format = synthetic_format(m), .root = PA_STAGE2, .physical_size_lg2 = 48};
    for (unsigned depth = 0; depth < n; depth++) {
        poke(nest, stage1_slot(nest, depth),
             depth + 1 < n ? synthetic_table(table_ipa(depth + 1)) : synthetic_leaf(IPA_OUTPUT, ALL));
        stage2_map(nest, table_ipa(depth), table_pa(depth), 0, ALL);
    }
    stage2_map(nest, IPA_OUTPUT, PA_OUTPUT, 0, ALL);
}

static void close_nest(struct nest *nest)
{
    flat_memory_destroy(nest->memory);
}

static enum two_stage_status answer_words(struct nest *nest)
{
    uint64_t words[WALK_FETCHES_MAX];
    struct two_stage_walk *walk = &nest->walk;
    nest->fetches += walk->fetches;
    nest->fetches_of[walk->stage] += walk->fetches;
    for (unsigned i = 0; i < walk->fetches; i++)
        if (!nest->reader.read(nest->reader.context, walk->fetch[i], &words[i]))
            return two_stage_abort(walk);
    return two_stage_resume(walk, words);
}

/* Until the end, without caches. */
static enum two_stage_status finish(struct nest *nest, enum two_stage_status status)
{
    while (status == TWO_STAGE_TRANSLATE || status == TWO_STAGE_FETCH)
        status = status == TWO_STAGE_FETCH ? answer_words(nest) : two_stage_walk_stage2(&nest->walk, NULL);
    return status;
}

static enum two_stage_status translate(struct nest *nest, uint64_t va)
{
    nest->regime = (struct two_stage_regime){&nest->stage1, &nest->stage2};
    nest->fetches = 0;
    memset(nest->fetches_of, 0, sizeof nest->fetches_of);
    return finish(nest, two_stage_start(&nest->walk, &nest->regime, va));
}

static void assert_leaf(const struct nest *nest, uint64_t va, uint64_t base, unsigned size_lg2)
{
    assert_int_equal(nest->walk.leaf.va, va);
    assert_int_equal(nest->walk.leaf.frame.base, base);
    assert_int_equal(nest->walk.leaf.frame.size_lg2, size_lg2);
}

/* ---- How many memory references ---- */

static unsigned references(unsigned n, unsigned m)
{
    struct nest nest;
    open_nest(&nest, n, m);
    assert_int_equal(translate(&nest, VA + 0x123), TWO_STAGE_LEAF);
    assert_leaf(&nest, VA, PA_OUTPUT, 12);
    assert_int_equal(nest.walk.ipa, IPA_OUTPUT + 0x123);
    assert_int_equal(nest.fetches_of[1], n);
    close_nest(&nest);
    return nest.fetches;
}

static void good_three_four_and_five_levels_cost_what_the_textbooks_say(void **state)
{
    assert_int_equal(references(3, 3), 15);
    assert_int_equal(references(4, 4), 24);
    assert_int_equal(references(5, 5), 35);
}

static void good_a_walk_of_n_and_m_levels_costs_nm_n_m_references(void **state)
{
    for (unsigned n = 1; n <= SYNTHETIC_LEVELS_MAX; n++)
        for (unsigned m = 1; m <= SYNTHETIC_LEVELS_MAX; m++)
            assert_int_equal(references(n, m), n * m + n + m);
}

static void good_large_pages_shorten_both_stages(void **state)
{
    for (unsigned s1 = 0; s1 < 3; s1++) {
        for (unsigned s2 = 0; s2 < 3; s2++) {
            struct nest nest;
            open_nest(&nest, 4, 4);
            /* the output is far from the tables, so that its page may be large */
            poke(&nest, stage1_slot(&nest, 3 - s1), synthetic_leaf(UINT64_C(1) << 39, ALL));
            uint64_t ipa = (UINT64_C(1) << 39) + (VA & ((UINT64_C(1) << synthetic_span_lg2(s1)) - 1));
            stage2_map(&nest, ipa, UINT64_C(3) << 30, s2, ALL);
            assert_int_equal(translate(&nest, VA + 5), TWO_STAGE_LEAF);
            unsigned smaller = synthetic_span_lg2(s1 < s2 ? s1 : s2);
            uint64_t in_frame = (UINT64_C(1) << smaller) - 1;
            uint64_t in_stage2 = (UINT64_C(1) << synthetic_span_lg2(s2)) - 1;
            assert_leaf(&nest, VA & ~in_frame, (UINT64_C(3) << 30) + (ipa & in_stage2 & ~in_frame), smaller);
            assert_int_equal(nest.walk.leaf.level, s1);
            /* 4 - s1 tables, each through four levels, and an output through 4 - s2 */
            assert_int_equal(nest.fetches, (4 - s1) * 5 + 4 - s2);
            close_nest(&nest);
        }
    }
}

/* Each table is translated, even if the page of the one before would do: that is a cache's business. */
static void good_tables_in_one_page_of_stage2_are_translated_each(void **state)
{
    struct nest nest;
    open_nest(&nest, 4, 3);
    for (unsigned depth = 0; depth < 4; depth++) { /* to where one large page has them */
        poke(&nest, 6 * PAGE * 512 + table_ipa(depth) + stage1_slot(&nest, depth) % PAGE,
             peek(&nest, stage1_slot(&nest, depth)));
        poke(&nest, stage2_slot(&nest, table_ipa(depth), 0), 0);
    }
    stage2_map(&nest, UINT64_C(5) << 30 | IPA_OUTPUT, PA_OUTPUT, 0, ALL);
    poke(&nest, 6 * PAGE * 512 + table_ipa(3) + stage1_slot(&nest, 3) % PAGE,
         synthetic_leaf(UINT64_C(5) << 30 | IPA_OUTPUT, ALL));
    stage2_map(&nest, 0, 6 * PAGE * 512, 1, ALL);
    assert_int_equal(translate(&nest, VA), TWO_STAGE_LEAF);
    assert_leaf(&nest, VA, PA_OUTPUT, 12);
    assert_int_equal(nest.fetches, 4 * (2 + 1) + 3);
    close_nest(&nest);
}

/* ---- Faults ---- */

static void assert_fault(const struct nest *nest, const struct two_stage_fault *wanted)
{
    const struct two_stage_fault *fault = &nest->walk.fault;
    assert_int_equal(fault->kind, wanted->kind);
    assert_int_equal(fault->stage, wanted->stage);
    assert_int_equal(fault->level, wanted->level);
    assert_int_equal(fault->ipa, wanted->ipa);
    assert_int_equal(fault->on_table, wanted->on_table);
}

/* What stage 2 translates in position `depth` of a walk: the entries of stage 1, and at last the output. */
static uint64_t position_ipa(const struct nest *nest, unsigned depth)
{
    return depth < nest->n ? table_ipa(depth) + stage1_slot(nest, depth) % PAGE : IPA_OUTPUT + 7;
}

static void bad_stage2_faults_at_every_position_and_level(void **state)
{
    for (unsigned position = 0; position <= 4; position++) {
        for (unsigned level = 0; level < 3; level++) {
            struct nest nest;
            open_nest(&nest, 4, 3);
            uint64_t ipa = position_ipa(&nest, position);
            /* Away from the others, so that no level is shared: the page is moved to an address of its own.
             */
            uint64_t moved = (ipa & (PAGE - 1)) + ((UINT64_C(2) + position) << 30);
            uint64_t before = position == 0 ? 0 : stage1_slot(&nest, position - 1);
            if (position == 0)
                nest.stage1.root = moved & ~(PAGE - 1);
            else
                poke(&nest, before, position < 4 ? synthetic_table(moved) : synthetic_leaf(moved, ALL));
            stage2_map(&nest, moved, position < 4 ? table_pa(position) : PA_OUTPUT, 0, ALL);
            assert_int_equal(translate(&nest, VA + 7), TWO_STAGE_LEAF);
            poke(&nest, stage2_slot(&nest, moved, level), 0);
            assert_int_equal(translate(&nest, VA + 7), TWO_STAGE_FAULT);
            assert_fault(&nest, &(struct two_stage_fault){.ipa = moved,
                                                          .kind = FAULT_TRANSLATION,
                                                          .level = (uint8_t)level,
                                                          .stage = 2,
                                                          .on_table = position < 4});
            assert_int_equal(nest.fetches, position * 4 + 3 - level);
            close_nest(&nest);
        }
    }
}

static void bad_stage1_faults_at_its_own_level_and_has_no_ipa(void **state)
{
    for (unsigned depth = 0; depth < 4; depth++) {
        struct nest nest;
        open_nest(&nest, 4, 4);
        poke(&nest, stage1_slot(&nest, depth), 0);
        assert_int_equal(translate(&nest, VA), TWO_STAGE_FAULT);
        assert_fault(&nest, &(struct two_stage_fault){
                                .kind = FAULT_TRANSLATION, .level = (uint8_t)(3 - depth), .stage = 1});
        assert_int_equal(nest.fetches, (depth + 1) * 5);
        close_nest(&nest);
    }
}

static void bad_an_address_beyond_stage1_faults_before_any_fetch(void **state)
{
    struct nest nest;
    open_nest(&nest, 2, 2);
    assert_int_equal(translate(&nest, UINT64_C(1) << 30), TWO_STAGE_FAULT);
    assert_int_equal(nest.walk.fault.stage, 1);
    assert_int_equal(nest.fetches, 0);
    close_nest(&nest);
}

static void bad_an_output_beyond_stage2_is_a_fault_of_stage2(void **state)
{
    struct nest nest;
    open_nest(&nest, 2, 2);
    poke(&nest, stage1_slot(&nest, 1), synthetic_leaf(UINT64_C(1) << 30, ALL));
    assert_int_equal(translate(&nest, VA), TWO_STAGE_FAULT);
    assert_fault(&nest, &(struct two_stage_fault){
                            .ipa = UINT64_C(1) << 30, .kind = FAULT_TRANSLATION, .level = 1, .stage = 2});
    close_nest(&nest);
}

static void bad_tables_of_stage1_need_read_permission_of_stage2(void **state)
{
    for (unsigned depth = 0; depth < 4; depth++) {
        struct nest nest;
        open_nest(&nest, 4, 4);
        stage2_map(&nest, table_ipa(depth), table_pa(depth), 0, ALL & ~LOAD);
        assert_int_equal(translate(&nest, VA), TWO_STAGE_FAULT);
        assert_fault(&nest, &(struct two_stage_fault){.ipa = position_ipa(&nest, depth),
                                                      .kind = FAULT_PERMISSION,
                                                      .level = 0,
                                                      .stage = 2,
                                                      .on_table = true});
        assert_int_equal(nest.fetches, depth * 5 + 4);
        close_nest(&nest);
    }
}

static void bad_no_memory_is_an_abort_of_the_stage_that_read(void **state)
{
    struct nest nest;
    open_nest(&nest, 3, 3);
    stage2_map(&nest, table_ipa(1), UINT64_C(1) << 40, 0, ALL);
    assert_int_equal(translate(&nest, VA), TWO_STAGE_FAULT);
    assert_fault(&nest, &(struct two_stage_fault){.kind = FAULT_EXTERNAL_ABORT, .level = 1, .stage = 1});
    poke(&nest, stage2_slot(&nest, table_ipa(1), 1), synthetic_table(UINT64_C(1) << 40));
    assert_int_equal(translate(&nest, VA), TWO_STAGE_FAULT);
    /* the tables' pages share this entry, so that the first one is met */
    assert_fault(&nest, &(struct two_stage_fault){.ipa = position_ipa(&nest, 0),
                                                  .kind = FAULT_EXTERNAL_ABORT,
                                                  .level = 0,
                                                  .stage = 2,
                                                  .on_table = true});
    close_nest(&nest);
}

/* ---- Rights ---- */

static void good_both_stages_have_to_allow_an_access(void **state)
{
    struct nest nest;
    open_nest(&nest, 2, 2);
    for (unsigned first = 0; first <= ALL; first++) {
        for (unsigned second = 0; second <= ALL; second++) {
            poke(&nest, stage1_slot(&nest, 1), synthetic_leaf(IPA_OUTPUT, first));
            stage2_map(&nest, IPA_OUTPUT, PA_OUTPUT, 0, second);
            assert_int_equal(translate(&nest, VA + 9), TWO_STAGE_LEAF);
            assert_int_equal(nest.walk.leaf.rights, first & second);
            assert_int_equal(nest.walk.leaf.rights_when_dirty, first & second);
            for (unsigned right = 1; right <= ALL; right <<= 1) {
                if (first & second & right)
                    continue;
                struct two_stage_fault wanted = {.kind = FAULT_PERMISSION, .stage = 1};
                if (first & right)
                    wanted =
                        (struct two_stage_fault){.ipa = IPA_OUTPUT + 9, .kind = FAULT_PERMISSION, .stage = 2};
                assert_int_equal(two_stage_refuse(&nest.walk, right), TWO_STAGE_FAULT);
                assert_fault(&nest, &wanted);
            }
        }
    }
    close_nest(&nest);
}

static void good_attributes_are_what_both_stages_allow(void **state)
{
    uint32_t guest = FRAME_READABLE | FRAME_WRITABLE | FRAME_USER | FRAME_GLOBAL;
    assert_int_equal(two_stage_attributes(guest, FRAME_READABLE | FRAME_EXECUTABLE),
                     FRAME_READABLE | FRAME_USER | FRAME_GLOBAL);
    assert_int_equal(two_stage_attributes(guest, FRAME_READABLE | FRAME_WRITABLE | FRAME_DEVICE),
                     guest | FRAME_DEVICE);
    assert_int_equal(two_stage_attributes(guest | FRAME_DEVICE, FRAME_READABLE | FRAME_WRITABLE),
                     guest | FRAME_DEVICE);
}

/* ---- Several words at once ---- */

/* A format without levels: four words on four pages, of which the third is the leaf. */
static enum walk_status start_scattered(struct walk_state *walk, const struct translation_regime *regime,
                                        uint64_t va)
{
    walk->regime = regime;
    walk->va = va;
    walk->level = 0;
    walk->fetches = 4;
    for (unsigned i = 0; i < 4; i++)
        walk->fetch[i] = regime->root + i / 2 * PAGE + i * 8; /* two in each page */
    return WALK_FETCH;
}

static enum walk_status resume_scattered(struct walk_state *walk, const uint64_t *words)
{
    for (unsigned i = 0; i < 4; i++)
        assert_int_equal(words[i], 100 + i);
    walk->leaf = (struct walk_leaf){.va = walk->va,
                                    .frame = {.base = IPA_OUTPUT, .size_lg2 = 12},
                                    .rights = ALL,
                                    .rights_when_dirty = ALL};
    return WALK_LEAF;
}

static void good_words_on_several_pages_are_translated_each_and_read_at_once(void **state)
{
    const struct walk_format scattered = {.start = start_scattered, .resume = resume_scattered};
    struct nest nest;
    open_nest(&nest, 2, 3);
    nest.stage1.format = &scattered;
    for (unsigned i = 0; i < 4; i++)
        poke(&nest, table_pa(i / 2) + i * 8, 100 + i);
    assert_int_equal(translate(&nest, VA), TWO_STAGE_LEAF);
    assert_leaf(&nest, VA, PA_OUTPUT, 12);
    assert_int_equal(nest.fetches_of[1], 4);
    assert_int_equal(nest.fetches_of[2], (2 + 1) * 3); /* two pages and the output */
    assert_false(walk_needs_update(&nest.walk.stage1, true, &nest.walk.update));
    close_nest(&nest);
}

/* ---- Caches ---- */

/* Everything that a walk told of itself. */
struct seen {
    struct walk_table table1[8];
    struct walk_leaf table1_leaf[8];
    unsigned tables1;
    struct {
        struct walk_table table;
        uint64_t ipa;
    } table2[64];
    unsigned tables2;
    struct walk_leaf leaf[16];
    unsigned leaves;
};

static enum two_stage_status translate_and_note(struct nest *nest, uint64_t va, struct seen *seen)
{
    *seen = (struct seen){.tables1 = 0};
    nest->regime = (struct two_stage_regime){&nest->stage1, &nest->stage2};
    enum two_stage_status status = two_stage_start(&nest->walk, &nest->regime, va);
    while (status == TWO_STAGE_TRANSLATE || status == TWO_STAGE_FETCH) {
        if (nest->walk.fresh)
            seen->leaf[seen->leaves++] = *two_stage_stage2_leaf(&nest->walk);
        if (status == TWO_STAGE_TRANSLATE) {
            status = two_stage_walk_stage2(&nest->walk, NULL);
            continue;
        }
        if (nest->walk.stage == 1)
            seen->tables1 += two_stage_table1(&nest->walk, &seen->table1[seen->tables1],
                                              &seen->table1_leaf[seen->tables1]);
        seen->table2[seen->tables2].ipa = nest->walk.ipa;
        if (nest->walk.stage == 2)
            seen->tables2 += two_stage_table2(&nest->walk, &seen->table2[seen->tables2].table);
        status = answer_words(nest);
    }
    if (status == TWO_STAGE_LEAF) {
        status = two_stage_use(&nest->walk, false);
        if (nest->walk.fresh)
            seen->leaf[seen->leaves++] = *two_stage_stage2_leaf(&nest->walk);
    }
    return status;
}

static void good_what_a_walk_tells_is_every_table_and_translation(void **state)
{
    struct nest nest;
    struct seen seen;
    open_nest(&nest, 4, 3);
    assert_int_equal(translate_and_note(&nest, VA, &seen), TWO_STAGE_LEAF);
    assert_int_equal(seen.tables1, 3); /* all but the root */
    assert_int_equal(seen.tables2, 5 * 2);
    assert_int_equal(seen.leaves, 5);
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(seen.table1[i].pa, table_ipa(i + 1));
        assert_int_equal(seen.table1_leaf[i].va, table_ipa(i + 1));
        assert_int_equal(seen.table1_leaf[i].frame.base, table_pa(i + 1));
    }
    for (unsigned i = 0; i < 5; i++)
        assert_int_equal(seen.leaf[i].va, i < 4 ? table_ipa(i) : IPA_OUTPUT);
    close_nest(&nest);
}

static enum two_stage_status finish_from_cache(struct nest *nest, enum two_stage_status status,
                                               const struct seen *seen)
{
    while (status == TWO_STAGE_TRANSLATE || status == TWO_STAGE_FETCH) {
        if (status == TWO_STAGE_FETCH) {
            status = answer_words(nest);
            continue;
        }
        unsigned i = 0;
        while (i < seen->leaves && (seen->leaf[i].va ^ nest->walk.ipa) >> seen->leaf[i].frame.size_lg2)
            i++;
        assert_true(i < seen->leaves);
        status = two_stage_answer(&nest->walk, &seen->leaf[i]);
    }
    return status;
}

static void assert_same_end(const struct two_stage_walk *one, const struct two_stage_walk *other)
{
    assert_int_equal(one->leaf.va, other->leaf.va);
    assert_int_equal(one->leaf.frame.base, other->leaf.frame.base);
    assert_int_equal(one->leaf.frame.size_lg2, other->leaf.frame.size_lg2);
    assert_int_equal(one->leaf.frame.attributes, other->leaf.frame.attributes);
    assert_int_equal(one->leaf.rights, other->leaf.rights);
    assert_int_equal(one->leaf.rights_when_dirty, other->leaf.rights_when_dirty);
    assert_int_equal(one->leaf.level, other->leaf.level);
    assert_int_equal(one->ipa, other->ipa);
}

static void good_cached_translations_leave_stage1_alone(void **state)
{
    for (unsigned n = 2; n <= 5; n++) {
        struct nest nest;
        struct seen seen;
        open_nest(&nest, n, 4);
        assert_int_equal(translate_and_note(&nest, VA, &seen), TWO_STAGE_LEAF);
        struct two_stage_walk whole = nest.walk;
        nest.fetches = 0;
        enum two_stage_status status = two_stage_start(&nest.walk, &nest.regime, VA);
        assert_int_equal(finish_from_cache(&nest, status, &seen), TWO_STAGE_LEAF);
        assert_int_equal(nest.fetches, n);
        assert_same_end(&nest.walk, &whole);
        assert_int_equal(two_stage_use(&nest.walk, true), TWO_STAGE_LEAF);
        assert_false(nest.walk.fresh); /* nobody walked */
        close_nest(&nest);
    }
}

static void good_a_walk_entered_at_any_table_of_stage1_ends_as_the_whole_one(void **state)
{
    struct nest nest;
    struct seen seen;
    open_nest(&nest, 4, 3);
    assert_int_equal(translate_and_note(&nest, VA, &seen), TWO_STAGE_LEAF);
    struct two_stage_walk whole = nest.walk;
    for (unsigned i = 0; i < seen.tables1; i++) {
        for (unsigned known = 0; known < 2; known++) {
            nest.fetches = 0;
            enum two_stage_status status = two_stage_enter(&nest.walk, &nest.regime, VA, &seen.table1[i],
                                                           known ? &seen.table1_leaf[i] : NULL);
            assert_int_equal(finish(&nest, status), TWO_STAGE_LEAF);
            assert_same_end(&nest.walk, &whole);
            assert_int_equal(nest.fetches, (3 - i) * 4 + 3 - known * 3);
        }
    }
    close_nest(&nest);
}

static void good_a_walk_that_enters_tables_of_stage2_ends_as_the_whole_one(void **state)
{
    struct nest nest;
    struct seen seen;
    open_nest(&nest, 3, 4);
    assert_int_equal(translate_and_note(&nest, VA, &seen), TWO_STAGE_LEAF);
    struct two_stage_walk whole = nest.walk;
    for (unsigned level = 0; level < 3; level++) {
        nest.fetches = 0;
        enum two_stage_status status = two_stage_start(&nest.walk, &nest.regime, VA);
        while (status == TWO_STAGE_TRANSLATE || status == TWO_STAGE_FETCH) {
            unsigned i = 0;
            if (status == TWO_STAGE_FETCH) {
                status = answer_words(&nest);
                continue;
            }
            while (seen.table2[i].table.level != level ||
                   !walk_table_contains(&seen.table2[i].table, nest.walk.ipa))
                assert_true(++i < seen.tables2);
            status = two_stage_walk_stage2(&nest.walk, &seen.table2[i].table);
        }
        assert_int_equal(status, TWO_STAGE_LEAF);
        assert_same_end(&nest.walk, &whole);
        assert_int_equal(nest.fetches, 3 + 4 * (level + 1));
    }
    close_nest(&nest);
}

static void good_a_walk_can_be_copied_anywhere(void **state)
{
    struct nest nest;
    open_nest(&nest, 3, 3);
    assert_int_equal(translate(&nest, VA), TWO_STAGE_LEAF);
    struct two_stage_walk whole = nest.walk;
    enum two_stage_status status = two_stage_start(&nest.walk, &nest.regime, VA);
    while (status == TWO_STAGE_TRANSLATE || status == TWO_STAGE_FETCH) {
        struct two_stage_walk copy = nest.walk;
        memset(&nest.walk, 0xa5, sizeof nest.walk);
        nest.walk = copy;
        status = status == TWO_STAGE_FETCH ? answer_words(&nest) : two_stage_walk_stage2(&nest.walk, NULL);
    }
    assert_same_end(&nest.walk, &whole);
    close_nest(&nest);
}

static void good_two_stage_address_is_the_walk_without_time(void **state)
{
    struct nest nest;
    struct two_stage_walk walk;
    open_nest(&nest, 4, 4);
    assert_int_equal(translate(&nest, VA + 1), TWO_STAGE_LEAF);
    assert_int_equal(two_stage_address(&nest.regime, &nest.reader, VA + 1, &walk), TWO_STAGE_LEAF);
    assert_same_end(&walk, &nest.walk);
    poke(&nest, stage2_slot(&nest, IPA_OUTPUT, 0), 0);
    assert_int_equal(two_stage_address(&nest.regime, &nest.reader, VA + 1, &walk), TWO_STAGE_FAULT);
    assert_int_equal(walk.fault.ipa, IPA_OUTPUT + 1);
    close_nest(&nest);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_three_four_and_five_levels_cost_what_the_textbooks_say),
        cmocka_unit_test(good_a_walk_of_n_and_m_levels_costs_nm_n_m_references),
        cmocka_unit_test(good_large_pages_shorten_both_stages),
        cmocka_unit_test(good_tables_in_one_page_of_stage2_are_translated_each),
        cmocka_unit_test(bad_stage2_faults_at_every_position_and_level),
        cmocka_unit_test(bad_stage1_faults_at_its_own_level_and_has_no_ipa),
        cmocka_unit_test(bad_an_address_beyond_stage1_faults_before_any_fetch),
        cmocka_unit_test(bad_an_output_beyond_stage2_is_a_fault_of_stage2),
        cmocka_unit_test(bad_tables_of_stage1_need_read_permission_of_stage2),
        cmocka_unit_test(bad_no_memory_is_an_abort_of_the_stage_that_read),
        cmocka_unit_test(good_both_stages_have_to_allow_an_access),
        cmocka_unit_test(good_attributes_are_what_both_stages_allow),
        cmocka_unit_test(good_words_on_several_pages_are_translated_each_and_read_at_once),
        cmocka_unit_test(good_what_a_walk_tells_is_every_table_and_translation),
        cmocka_unit_test(good_cached_translations_leave_stage1_alone),
        cmocka_unit_test(good_a_walk_entered_at_any_table_of_stage1_ends_as_the_whole_one),
        cmocka_unit_test(good_a_walk_that_enters_tables_of_stage2_ends_as_the_whole_one),
        cmocka_unit_test(good_a_walk_can_be_copied_anywhere),
        cmocka_unit_test(good_two_stage_address_is_the_walk_without_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
