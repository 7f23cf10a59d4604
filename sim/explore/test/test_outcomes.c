/* Outcomes: what is asked of the ends of runs; further address spaces, whose tables are words of memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "sim/explore/test/exploring.h"
#include "sim/explore/test/own_tables.h"

#define STALE   (1u << 0)
#define FRESH   (1u << 1)
#define NEITHER (1u << 2)

#define LIST_END(with)                                                                                       \
    {                                                                                                        \
        .kind = PROGRAM_END, .value = (with), .expected = 1                                                  \
    }
#define LIST_SWITCH(context)                                                                                 \
    {                                                                                                        \
        .kind = PROGRAM_SWITCH, .value = (context)                                                           \
    }

struct asked {
    unsigned ends;
    bool fails;
    struct explored_end last; /* its pointers are of the past */
};

/* What the frame holds at the end: the old owner's 1, the new owner's 2. */
static bool judge_frame(void *context, const struct explored_end *end, uint32_t *which, const char **why)
{
    struct asked *asked = context;
    uint64_t value = explored_end_word(end, FRAME);
    asked->ends++;
    asked->last = *end;
    *which = value == 1 ? STALE : value == 2 ? FRESH : NEITHER;
    *why = "outcomes cannot be told today";
    return !asked->fails;
}

struct ended {
    enum search_outcome outcome;
    uint32_t reached; /* bits */
    unsigned broken;  /* findings that are no outcomes */
    char sentence[SEARCH_TEXT_BYTES];
};

static struct ended explore(const struct exploration_config *config)
{
    char why[STORY_TEXT_BYTES];
    struct exploration *exploration = exploration_create(config, why, sizeof why);
    if (!exploration)
        fail_msg("%s", why);
    const struct search_model model = exploration_model(exploration);
    const struct search_config search_config = {.budget = config->budget, .go_on = true};
    struct search *search = search_create(&model, &search_config);
    assert_non_null(search);
    struct ended ended = {.outcome = search_run(search)};
    size_t count;
    const struct search_finding *findings = search_findings(search, &count);
    for (size_t i = 0; i < count; i++)
        if (findings[i].rule >= FINDING_OUTCOME)
            ended.reached |= 1u << (findings[i].rule - FINDING_OUTCOME);
        else
            ended.broken++;
    (void)search_sentence(search, ended.sentence, sizeof ended.sentence);
    search_destroy(search);
    exploration_destroy(exploration);
    return ended;
}

/* Core 1 unmaps the page and gives its frame to somebody who writes 2; core 2 stores 1 to the page. */
static struct ended reuse_frame(const struct pagetable_class *table, struct asked *asked)
{
    struct exploring exploring = {
        .table = table,
        .machine = {.store_buffer = 1},
        .before = {LIST_MAP_CALL(PAGE, FRAME, WRITABLE)},
        .before_count = 1,
        .lists = {.programs = 2,
                  .core = {{{LIST_UNMAP(PAGE), LIST_WRITE(FRAME, 2)}}, {{LIST_STORE(PAGE, 1)}}}}};
    struct memory_budget budget = {.bytes_max = (size_t)1 << 28};
    struct pagetable_config pagetable;
    struct program_source lists;
    struct exploration_config config = exploring_config(&exploring, &pagetable, &lists, &budget);
    config.outcomes = (struct exploration_outcomes){asked, judge_frame};
    return explore(&config);
}

static void good_a_right_table_lets_no_store_land_behind_the_unmap(void **state)
{
    struct asked asked = {0};
    struct ended ended = reuse_frame(pagetable_class_find("radix"), &asked);
    assert_int_equal(ended.outcome, SEARCH_COMPLETE);
    assert_int_equal(ended.reached, FRESH);
    assert_int_equal(ended.broken, 0);
    assert_int_equal(asked.ends, 1); /* one memory, and no program has a result */
    assert_int_equal(asked.last.given, 0);
}

/* A run ends where it breaks a rule. */
static void bad_a_run_that_breaks_a_rule_has_no_outcome(void **state)
{
    struct asked asked = {0};
    const struct pagetable_class table = table_of_one_core();
    struct ended ended = reuse_frame(&table, &asked);
    assert_int_equal(ended.outcome, SEARCH_COMPLETE);
    assert_int_equal(ended.reached, FRESH);
    assert_true(ended.broken > 0);
}

static void bad_an_outcome_that_cannot_be_told_ends_with_its_sentence(void **state)
{
    struct asked asked = {.fails = true};
    struct ended ended = reuse_frame(pagetable_class_find("radix"), &asked);
    assert_int_equal(ended.outcome, SEARCH_REFUSED);
    assert_non_null(strstr(ended.sentence, "outcomes cannot be told today"));
    assert_int_equal(asked.ends, 1);
}

/* ---- further address spaces ------------------------------------------------------------------------ */

/* Contexts 1 and 2 map PAGE to FRAME_2 and to FRAME; their roots and tables are words. */
#define ROOT(context)  (UINT64_C(0x500000) + (context)*UINT64_C(0x2000))
#define TABLE(context) (ROOT(context) + UINT64_C(0x1000))
#define SPACE_WORDS    6

struct spaces {
    struct explored_word words[SPACE_WORDS];
    struct memory_budget budget;
    struct pagetable_config pagetable;
    struct program_source lists;
    struct exploration_config config;
};

static void add_space(struct spaces *spaces, unsigned number, uint16_t asid, uint64_t pa)
{
    const struct entry_format *entries = entry_format_of(spaces->pagetable.format);
    const struct frame frame = {.base = pa, .size_lg2 = 12, .attributes = WRITABLE};
    struct explored_word *words = &spaces->words[2 * (number - 1)];
    words[0] = (struct explored_word){ROOT(number), entries->encode_table(TABLE(number))};
    words[1].pa = TABLE(number);
    assert_true(entries->encode_leaf(&entries->level[1], &frame, &words[1].value));
    struct small_context *context = &spaces->config.machine.contexts[number];
    context->regime = spaces->config.machine.contexts[0].regime;
    context->regime.root = ROOT(number);
    context->asid = asid;
    context->pages[context->page_count++] = PAGE;
    spaces->config.machine.context_count = number + 1;
}

static void make_spaces(struct spaces *spaces, struct exploring *exploring, uint16_t asid_of_second,
                        struct asked *asked)
{
    *spaces = (struct spaces){.budget = {.bytes_max = (size_t)1 << 28}};
    exploring->table = pagetable_class_find("radix");
    spaces->config = exploring_config(exploring, &spaces->pagetable, &spaces->lists, &spaces->budget);
    add_space(spaces, 1, 2, FRAME_2);
    add_space(spaces, 2, asid_of_second, FRAME);
    spaces->words[4] = (struct explored_word){FRAME, 1};
    spaces->words[5] = (struct explored_word){FRAME_2, 1};
    spaces->config.words = spaces->words;
    spaces->config.word_count = SPACE_WORDS;
    spaces->config.outcomes = (struct exploration_outcomes){asked, judge_frame};
}

/* The core reads in the first space and stores in the second one. */
static struct ended store_in_second_space(uint16_t asid_of_second, struct asked *asked)
{
    struct exploring exploring = {
        .lists = {.programs = 1,
                  .core = {{{LIST_LOAD(PAGE), LIST_SWITCH(3), LIST_STORE(PAGE, 2), LIST_END(7)}}}}};
    struct spaces spaces;
    make_spaces(&spaces, &exploring, asid_of_second, asked);
    spaces.config.start[0] = 1;
    return explore(&spaces.config);
}

static void good_an_entry_of_one_asid_is_not_used_in_another(void **state)
{
    struct asked asked = {0};
    struct ended ended = store_in_second_space(3, &asked);
    assert_int_equal(ended.outcome, SEARCH_COMPLETE);
    assert_int_equal(ended.reached, FRESH);
    assert_int_equal(ended.broken, 0);
}

static void bad_an_entry_is_used_in_another_space_of_its_asid(void **state)
{
    struct asked asked = {0};
    struct ended ended = store_in_second_space(2, &asked);
    assert_int_equal(ended.outcome, SEARCH_COMPLETE);
    assert_int_equal(ended.reached, STALE | FRESH);
    assert_int_equal(ended.broken, 0); /* what no page-table code looks after is not judged */
}

static void good_a_result_is_told_with_its_core(void **state)
{
    struct asked asked = {0};
    (void)store_in_second_space(3, &asked);
    assert_int_equal(asked.last.given, 1);
    assert_int_equal(asked.last.results[0], 7);
}

static void good_a_core_begins_in_the_space_that_it_is_given(void **state)
{
    for (unsigned start = 1; start <= 2; start++) {
        struct exploring exploring = {.lists = {.programs = 1, .core = {{{LIST_STORE(PAGE, 2)}}}}};
        struct asked asked = {0};
        struct spaces spaces;
        make_spaces(&spaces, &exploring, 3, &asked);
        spaces.config.start[0] = start;
        assert_int_equal(explore(&spaces.config).reached, start == 1 ? STALE : FRESH);
    }
}

/* Core 1 clears the entry, does this, and gives the frame to somebody who writes 2; core 2 stores 1. */
static struct ended clear_entry(struct program_request between)
{
    struct exploring exploring = {
        .lists = {.programs = 2,
                  .core = {{{LIST_WRITE(TABLE(2), 0), LIST_BARRIER(BARRIER_DSB_ISH), between,
                             LIST_BARRIER(BARRIER_DSB_ISH), LIST_WRITE(FRAME, 2)}},
                           {{LIST_STORE(PAGE, 1)}}}}};
    struct asked asked = {0};
    struct spaces spaces;
    make_spaces(&spaces, &exploring, 3, &asked);
    spaces.config.start[0] = 1;
    spaces.config.start[1] = 2;
    return explore(&spaces.config);
}

static void good_an_invalidation_of_the_asid_lets_no_store_land_behind_it(void **state)
{
    const struct program_request tlbi = {
        .kind = PROGRAM_INVALIDATE, .invalidation = {.asid = 3, .scope = INVALIDATE_ASID, .broadcast = true}};
    assert_int_equal(clear_entry(tlbi).reached, FRESH);
}

static void bad_an_invalidation_of_another_asid_lets_it_land(void **state)
{
    const struct program_request tlbi = {
        .kind = PROGRAM_INVALIDATE, .invalidation = {.asid = 2, .scope = INVALIDATE_ASID, .broadcast = true}};
    assert_int_equal(clear_entry(tlbi).reached, STALE | FRESH);
}

/* ---- guests ---------------------------------------------------------------------------------------- */

#define IPA      OTHER
#define VMID     1
#define S2_WRITE (FRAME_READABLE | FRAME_WRITABLE)

/* Context 1 becomes a guest of the page table: its tables lie where they seem to, PAGE is at IPA. */
static void make_guest(struct spaces *spaces)
{
    const struct walk_format *format = walk_format_find("vmsa-4k-25");
    const struct entry_format *entries = entry_format_of(format);
    const struct frame page = {.base = IPA, .size_lg2 = 12, .attributes = WRITABLE};
    struct small_context *own = &spaces->config.machine.contexts[0];
    struct small_context *guest = &spaces->config.machine.contexts[1];
    own->page_count = 0; /* who unmaps walks nothing */
    own->asid = 0;
    own->vmid = guest->vmid = spaces->pagetable.vmid = VMID;
    spaces->pagetable.asid = 0;
    guest->asid = 2;
    guest->two_stage = true;
    guest->regime = (struct translation_regime){
        .format = format, .physical_size_lg2 = 48, .contiguous = true, .root = ROOT(1)};
    guest->stage2 = own->regime;
    guest->pages[guest->page_count++] = PAGE;
    spaces->words[0] = (struct explored_word){ROOT(1), entries->encode_table(TABLE(1))};
    spaces->words[1].pa = TABLE(1);
    assert_true(entries->encode_leaf(&entries->level[1], &page, &spaces->words[1].value));
    spaces->config.machine.context_count = 2;
    spaces->config.words = spaces->words;
    spaces->config.word_count = 2;
    spaces->config.start[1] = 1;
}

/* Core 1 unmaps the guest's page and gives its frame to somebody who writes 2; the guest on core 2 stores 1.
 */
static struct ended reuse_guests_frame(const struct pagetable_class *table)
{
    struct exploring exploring = {
        .table = table,
        .format = "vmsa-s2-4k-25",
        .before = {LIST_MAP_CALL(ROOT(1), ROOT(1), S2_WRITE), LIST_MAP_CALL(TABLE(1), TABLE(1), S2_WRITE),
                   LIST_MAP_CALL(IPA, FRAME, S2_WRITE)},
        .before_count = 3,
        .lists = {.programs = 2,
                  .core = {{{LIST_UNMAP(IPA), LIST_WRITE(FRAME, 2)}}, {{LIST_STORE(PAGE, 1)}}}}};
    struct asked asked = {0};
    struct spaces spaces = {.budget = {.bytes_max = (size_t)1 << 28}};
    spaces.config = exploring_config(&exploring, &spaces.pagetable, &spaces.lists, &spaces.budget);
    make_guest(&spaces);
    spaces.config.outcomes = (struct exploration_outcomes){&asked, judge_frame};
    return explore(&spaces.config);
}

static void good_nothing_of_a_guest_outlives_the_unmap_of_its_page(void **state)
{
    struct ended ended = reuse_guests_frame(pagetable_class_find("radix"));
    assert_int_equal(ended.outcome, SEARCH_COMPLETE);
    assert_int_equal(ended.reached, FRESH);
    assert_int_equal(ended.broken, 0);
}

static void bad_what_was_combined_outlives_a_table_that_forgets_it(void **state)
{
    const struct pagetable_class table = table_that_forgets_combined_entries();
    struct ended ended = reuse_guests_frame(&table);
    assert_int_equal(ended.outcome, SEARCH_COMPLETE);
    assert_int_equal(ended.reached, STALE | FRESH);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_a_right_table_lets_no_store_land_behind_the_unmap),
        cmocka_unit_test(bad_a_run_that_breaks_a_rule_has_no_outcome),
        cmocka_unit_test(bad_an_outcome_that_cannot_be_told_ends_with_its_sentence),
        cmocka_unit_test(good_an_entry_of_one_asid_is_not_used_in_another),
        cmocka_unit_test(bad_an_entry_is_used_in_another_space_of_its_asid),
        cmocka_unit_test(good_a_result_is_told_with_its_core),
        cmocka_unit_test(good_a_core_begins_in_the_space_that_it_is_given),
        cmocka_unit_test(good_an_invalidation_of_the_asid_lets_no_store_land_behind_it),
        cmocka_unit_test(bad_an_invalidation_of_another_asid_lets_it_land),
        cmocka_unit_test(good_nothing_of_a_guest_outlives_the_unmap_of_its_page),
        cmocka_unit_test(bad_what_was_combined_outlives_a_table_that_forgets_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
