/* Two stages with caches: what a walk tells of itself, and walks that begin with it. */
#include "pagetables/test/nest.h"

#include <string.h>

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
    enum two_stage_status status = two_stage_start(&nest->walk, &nest->regime, va, NULL);
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
        status = nest_answer_words(nest);
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
    nest_open(&nest, 4, 3);
    assert_int_equal(translate_and_note(&nest, VA, &seen), TWO_STAGE_LEAF);
    assert_int_equal(seen.tables1, 3); /* all but the root */
    assert_int_equal(seen.tables2, 5 * 2);
    assert_int_equal(seen.leaves, 5);
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(seen.table1[i].pa, nest_table_ipa(i + 1));
        assert_int_equal(seen.table1_leaf[i].va, nest_table_ipa(i + 1));
        assert_int_equal(seen.table1_leaf[i].frame.base, nest_table_pa(i + 1));
    }
    for (unsigned i = 0; i < 5; i++)
        assert_int_equal(seen.leaf[i].va, i < 4 ? nest_table_ipa(i) : IPA_OUTPUT);
    nest_close(&nest);
}

static enum two_stage_status finish_from_cache(struct nest *nest, enum two_stage_status status,
                                               const struct seen *seen)
{
    while (status == TWO_STAGE_TRANSLATE || status == TWO_STAGE_FETCH) {
        if (status == TWO_STAGE_FETCH) {
            status = nest_answer_words(nest);
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
        nest_open(&nest, n, 4);
        assert_int_equal(translate_and_note(&nest, VA, &seen), TWO_STAGE_LEAF);
        struct two_stage_walk whole = nest.walk;
        nest.fetches = 0;
        enum two_stage_status status = two_stage_start(&nest.walk, &nest.regime, VA, NULL);
        assert_int_equal(finish_from_cache(&nest, status, &seen), TWO_STAGE_LEAF);
        assert_int_equal(nest.fetches, n);
        assert_same_end(&nest.walk, &whole);
        assert_int_equal(two_stage_use(&nest.walk, true), TWO_STAGE_LEAF);
        assert_false(nest.walk.fresh); /* nobody walked */
        nest_close(&nest);
    }
}

static void good_a_walk_entered_at_any_table_of_stage1_ends_as_the_whole_one(void **state)
{
    struct nest nest;
    struct seen seen;
    nest_open(&nest, 4, 3);
    assert_int_equal(translate_and_note(&nest, VA, &seen), TWO_STAGE_LEAF);
    struct two_stage_walk whole = nest.walk;
    for (unsigned i = 0; i < seen.tables1; i++) {
        for (unsigned known = 0; known < 2; known++) {
            nest.fetches = 0;
            enum two_stage_status status = two_stage_enter(
                &nest.walk, &nest.regime, VA, NULL, &seen.table1[i], known ? &seen.table1_leaf[i] : NULL);
            assert_int_equal(nest_finish(&nest, status), TWO_STAGE_LEAF);
            assert_same_end(&nest.walk, &whole);
            assert_int_equal(nest.fetches, (3 - i) * 4 + 3 - known * 3);
        }
    }
    nest_close(&nest);
}

static void good_a_walk_that_enters_tables_of_stage2_ends_as_the_whole_one(void **state)
{
    struct nest nest;
    struct seen seen;
    nest_open(&nest, 3, 4);
    assert_int_equal(translate_and_note(&nest, VA, &seen), TWO_STAGE_LEAF);
    struct two_stage_walk whole = nest.walk;
    for (unsigned level = 0; level < 3; level++) {
        nest.fetches = 0;
        enum two_stage_status status = two_stage_start(&nest.walk, &nest.regime, VA, NULL);
        while (status == TWO_STAGE_TRANSLATE || status == TWO_STAGE_FETCH) {
            unsigned i = 0;
            if (status == TWO_STAGE_FETCH) {
                status = nest_answer_words(&nest);
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
    nest_close(&nest);
}

static void good_a_walk_can_be_copied_anywhere(void **state)
{
    struct nest nest;
    nest_open(&nest, 3, 3);
    assert_int_equal(nest_translate(&nest, VA), TWO_STAGE_LEAF);
    struct two_stage_walk whole = nest.walk;
    enum two_stage_status status = two_stage_start(&nest.walk, &nest.regime, VA, NULL);
    while (status == TWO_STAGE_TRANSLATE || status == TWO_STAGE_FETCH) {
        struct two_stage_walk copy = nest.walk;
        memset(&nest.walk, 0xa5, sizeof nest.walk);
        nest.walk = copy;
        status =
            status == TWO_STAGE_FETCH ? nest_answer_words(&nest) : two_stage_walk_stage2(&nest.walk, NULL);
    }
    assert_same_end(&nest.walk, &whole);
    nest_close(&nest);
}

static void good_two_stage_address_is_the_walk_without_time(void **state)
{
    struct nest nest;
    struct two_stage_walk walk;
    nest_open(&nest, 4, 4);
    assert_int_equal(nest_translate(&nest, VA + 1), TWO_STAGE_LEAF);
    assert_int_equal(two_stage_address(&nest.regime, &nest.reader, VA + 1, &walk), TWO_STAGE_LEAF);
    assert_same_end(&walk, &nest.walk);
    nest_poke(&nest, nest_stage2_slot(&nest, IPA_OUTPUT, 0), 0);
    assert_int_equal(two_stage_address(&nest.regime, &nest.reader, VA + 1, &walk), TWO_STAGE_FAULT);
    assert_int_equal(walk.fault.ipa, IPA_OUTPUT + 1);
    nest_close(&nest);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_what_a_walk_tells_is_every_table_and_translation),
        cmocka_unit_test(good_cached_translations_leave_stage1_alone),
        cmocka_unit_test(good_a_walk_entered_at_any_table_of_stage1_ends_as_the_whole_one),
        cmocka_unit_test(good_a_walk_that_enters_tables_of_stage2_ends_as_the_whole_one),
        cmocka_unit_test(good_a_walk_can_be_copied_anywhere),
        cmocka_unit_test(good_two_stage_address_is_the_walk_without_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
