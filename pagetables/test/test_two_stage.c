/* The composition of two engines, over formats of one to five levels that no manual describes. */
#include "pagetables/test/nest.h"
#include "pagetables/vmsa.h"

/* ---- How many memory references ---- */

static unsigned references(unsigned n, unsigned m)
{
    struct nest nest;
    nest_open(&nest, n, m);
    assert_int_equal(nest_translate(&nest, VA + 0x123), TWO_STAGE_LEAF);
    nest_assert_leaf(&nest, VA, PA_OUTPUT, 12);
    assert_int_equal(nest.walk.ipa, IPA_OUTPUT + 0x123);
    assert_int_equal(nest.fetches_of[1], n);
    nest_close(&nest);
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
            nest_open(&nest, 4, 4);
            /* the output is far from the tables, so that its page may be large */
            nest_poke(&nest, nest_stage1_slot(&nest, 3 - s1), synthetic_leaf(UINT64_C(1) << 39, ALL));
            uint64_t ipa = (UINT64_C(1) << 39) + (VA & ((UINT64_C(1) << synthetic_span_lg2(s1)) - 1));
            nest_stage2_map(&nest, ipa, UINT64_C(3) << 30, s2, ALL);
            assert_int_equal(nest_translate(&nest, VA + 5), TWO_STAGE_LEAF);
            unsigned smaller = synthetic_span_lg2(s1 < s2 ? s1 : s2);
            uint64_t in_frame = (UINT64_C(1) << smaller) - 1;
            uint64_t in_stage2 = (UINT64_C(1) << synthetic_span_lg2(s2)) - 1;
            nest_assert_leaf(&nest, VA & ~in_frame, (UINT64_C(3) << 30) + (ipa & in_stage2 & ~in_frame),
                             smaller);
            assert_int_equal(nest.walk.leaf.level, s1);
            /* 4 - s1 tables, each through four levels, and an output through 4 - s2 */
            assert_int_equal(nest.fetches, (4 - s1) * 5 + 4 - s2);
            nest_close(&nest);
        }
    }
}

/* Each table is translated, even if the page of the one before would do: that is a cache's business. */
static void good_tables_in_one_page_of_stage2_are_translated_each(void **state)
{
    struct nest nest;
    nest_open(&nest, 4, 3);
    for (unsigned depth = 0; depth < 4; depth++) { /* to where one large page has them */
        nest_poke(&nest, 6 * PAGE * 512 + nest_table_ipa(depth) + nest_stage1_slot(&nest, depth) % PAGE,
                  nest_peek(&nest, nest_stage1_slot(&nest, depth)));
        nest_poke(&nest, nest_stage2_slot(&nest, nest_table_ipa(depth), 0), 0);
    }
    nest_stage2_map(&nest, UINT64_C(5) << 30 | IPA_OUTPUT, PA_OUTPUT, 0, ALL);
    nest_poke(&nest, 6 * PAGE * 512 + nest_table_ipa(3) + nest_stage1_slot(&nest, 3) % PAGE,
              synthetic_leaf(UINT64_C(5) << 30 | IPA_OUTPUT, ALL));
    nest_stage2_map(&nest, 0, 6 * PAGE * 512, 1, ALL);
    assert_int_equal(nest_translate(&nest, VA), TWO_STAGE_LEAF);
    nest_assert_leaf(&nest, VA, PA_OUTPUT, 12);
    assert_int_equal(nest.fetches, 4 * (2 + 1) + 3);
    nest_close(&nest);
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
    return depth < nest->n ? nest_table_ipa(depth) + nest_stage1_slot(nest, depth) % PAGE : IPA_OUTPUT + 7;
}

static void bad_stage2_faults_at_every_position_and_level(void **state)
{
    for (unsigned position = 0; position <= 4; position++) {
        for (unsigned level = 0; level < 3; level++) {
            struct nest nest;
            nest_open(&nest, 4, 3);
            uint64_t ipa = position_ipa(&nest, position);
            /* Away from the others, so that no level is shared: the page is moved to an address of its own.
             */
            uint64_t moved = (ipa & (PAGE - 1)) + ((UINT64_C(2) + position) << 30);
            uint64_t before = position == 0 ? 0 : nest_stage1_slot(&nest, position - 1);
            if (position == 0)
                nest.stage1.root = moved & ~(PAGE - 1);
            else
                nest_poke(&nest, before, position < 4 ? synthetic_table(moved) : synthetic_leaf(moved, ALL));
            nest_stage2_map(&nest, moved, position < 4 ? nest_table_pa(position) : PA_OUTPUT, 0, ALL);
            assert_int_equal(nest_translate(&nest, VA + 7), TWO_STAGE_LEAF);
            nest_poke(&nest, nest_stage2_slot(&nest, moved, level), 0);
            assert_int_equal(nest_translate(&nest, VA + 7), TWO_STAGE_FAULT);
            assert_fault(&nest, &(struct two_stage_fault){.ipa = moved,
                                                          .kind = FAULT_TRANSLATION,
                                                          .level = (uint8_t)level,
                                                          .stage = 2,
                                                          .on_table = position < 4});
            assert_int_equal(nest.fetches, position * 4 + 3 - level);
            nest_close(&nest);
        }
    }
}

static void bad_stage1_faults_at_its_own_level_and_has_no_ipa(void **state)
{
    for (unsigned depth = 0; depth < 4; depth++) {
        struct nest nest;
        nest_open(&nest, 4, 4);
        nest_poke(&nest, nest_stage1_slot(&nest, depth), 0);
        assert_int_equal(nest_translate(&nest, VA), TWO_STAGE_FAULT);
        assert_fault(&nest, &(struct two_stage_fault){
                                .kind = FAULT_TRANSLATION, .level = (uint8_t)(3 - depth), .stage = 1});
        assert_int_equal(nest.fetches, (depth + 1) * 5);
        nest_close(&nest);
    }
}

static void bad_an_address_beyond_stage1_faults_before_any_fetch(void **state)
{
    struct nest nest;
    nest_open(&nest, 2, 2);
    assert_int_equal(nest_translate(&nest, UINT64_C(1) << 30), TWO_STAGE_FAULT);
    assert_int_equal(nest.walk.fault.stage, 1);
    assert_int_equal(nest.fetches, 0);
    nest_close(&nest);
}

static void bad_an_output_beyond_stage2_is_a_fault_of_stage2(void **state)
{
    struct nest nest;
    nest_open(&nest, 2, 2);
    nest_poke(&nest, nest_stage1_slot(&nest, 1), synthetic_leaf(UINT64_C(1) << 30, ALL));
    assert_int_equal(nest_translate(&nest, VA), TWO_STAGE_FAULT);
    assert_fault(&nest, &(struct two_stage_fault){
                            .ipa = UINT64_C(1) << 30, .kind = FAULT_TRANSLATION, .level = 1, .stage = 2});
    nest_close(&nest);
}

static void bad_tables_of_stage1_need_read_permission_of_stage2(void **state)
{
    for (unsigned depth = 0; depth < 4; depth++) {
        struct nest nest;
        nest_open(&nest, 4, 4);
        nest_stage2_map(&nest, nest_table_ipa(depth), nest_table_pa(depth), 0, ALL & ~LOAD);
        assert_int_equal(nest_translate(&nest, VA), TWO_STAGE_FAULT);
        assert_fault(&nest, &(struct two_stage_fault){.ipa = position_ipa(&nest, depth),
                                                      .kind = FAULT_PERMISSION,
                                                      .level = 0,
                                                      .stage = 2,
                                                      .on_table = true});
        assert_int_equal(nest.fetches, depth * 5 + 4);
        nest_close(&nest);
    }
}

static void bad_no_memory_is_an_abort_of_the_stage_that_read(void **state)
{
    struct nest nest;
    nest_open(&nest, 3, 3);
    nest_stage2_map(&nest, nest_table_ipa(1), UINT64_C(1) << 40, 0, ALL);
    assert_int_equal(nest_translate(&nest, VA), TWO_STAGE_FAULT);
    assert_fault(&nest, &(struct two_stage_fault){.kind = FAULT_EXTERNAL_ABORT, .level = 1, .stage = 1});
    nest_poke(&nest, nest_stage2_slot(&nest, nest_table_ipa(1), 1), synthetic_table(UINT64_C(1) << 40));
    assert_int_equal(nest_translate(&nest, VA), TWO_STAGE_FAULT);
    /* the tables' pages share this entry, so that the first one is met */
    assert_fault(&nest, &(struct two_stage_fault){.ipa = position_ipa(&nest, 0),
                                                  .kind = FAULT_EXTERNAL_ABORT,
                                                  .level = 0,
                                                  .stage = 2,
                                                  .on_table = true});
    nest_close(&nest);
}

/* ---- Rights ---- */

static void good_both_stages_have_to_allow_an_access(void **state)
{
    struct nest nest;
    nest_open(&nest, 2, 2);
    for (unsigned first = 0; first <= ALL; first++) {
        for (unsigned second = 0; second <= ALL; second++) {
            nest_poke(&nest, nest_stage1_slot(&nest, 1), synthetic_leaf(IPA_OUTPUT, first));
            nest_stage2_map(&nest, IPA_OUTPUT, PA_OUTPUT, 0, second);
            assert_int_equal(nest_translate(&nest, VA + 9), TWO_STAGE_LEAF);
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
    nest_close(&nest);
}

static void good_attributes_are_what_both_stages_allow(void **state)
{
    uint32_t guest = FRAME_READABLE | FRAME_WRITABLE | FRAME_USER | FRAME_GLOBAL;
    assert_int_equal(two_stage_attributes(&vmsa_4k_48, guest, FRAME_READABLE | FRAME_EXECUTABLE),
                     FRAME_READABLE | FRAME_USER | FRAME_GLOBAL);
    assert_int_equal(two_stage_attributes(&vmsa_4k_48, guest, FRAME_READABLE | FRAME_WRITABLE | FRAME_DEVICE),
                     guest | FRAME_DEVICE);
    assert_int_equal(two_stage_attributes(&vmsa_4k_48, guest | FRAME_DEVICE, FRAME_READABLE | FRAME_WRITABLE),
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
    walk->fetch_words = 1;
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
    nest_open(&nest, 2, 3);
    nest.stage1.format = &scattered;
    for (unsigned i = 0; i < 4; i++)
        nest_poke(&nest, nest_table_pa(i / 2) + i * 8, 100 + i);
    assert_int_equal(nest_translate(&nest, VA), TWO_STAGE_LEAF);
    nest_assert_leaf(&nest, VA, PA_OUTPUT, 12);
    assert_int_equal(nest.fetches_of[1], 4);
    assert_int_equal(nest.fetches_of[2], (2 + 1) * 3); /* two pages and the output */
    assert_false(walk_needs_update(&nest.walk.stage1, true, &nest.walk.update));
    nest_close(&nest);
}

/* The same eight words as two lines of four, on two pages. */
static enum walk_status start_lines(struct walk_state *walk, const struct translation_regime *regime,
                                    uint64_t va)
{
    (void)start_scattered(walk, regime, va);
    walk->fetches = 2;
    walk->fetch_words = 4;
    walk->fetch[0] = regime->root + 32;
    walk->fetch[1] = regime->root + PAGE;
    return WALK_FETCH;
}

static enum walk_status resume_lines(struct walk_state *walk, const uint64_t *words)
{
    for (unsigned i = 4; i < 8; i++)
        assert_int_equal(words[i], 100 + i);
    return resume_scattered(walk, words);
}

static void good_lines_are_translated_once_and_read_whole(void **state)
{
    const struct walk_format lines = {.start = start_lines, .resume = resume_lines};
    struct nest nest;
    nest_open(&nest, 2, 3);
    nest.stage1.format = &lines;
    for (unsigned i = 0; i < 8; i++)
        nest_poke(&nest, nest_table_pa(i / 4) + (i / 4 ? 0 : 32) + i % 4 * 8, 100 + i);
    assert_int_equal(nest_translate(&nest, VA), TWO_STAGE_LEAF);
    assert_int_equal(nest.fetches_of[1], 2);
    assert_int_equal(nest.fetches_of[2], (2 + 1) * 3);
    assert_int_equal(two_stage_address(&nest.regime, &nest.reader, VA, &nest.walk), TWO_STAGE_LEAF);
    nest_assert_leaf(&nest, VA, PA_OUTPUT, 12);
    nest_close(&nest);
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
        cmocka_unit_test(good_lines_are_translated_once_and_read_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
