/*
 * Explorations: right tables are not accused in any interleaving, planted bugs are found by the shortest run,
 * and the numbers of states are what they were.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "sim/explore/story.h"
#include "sim/explore/test/program_list.h"

#define PAGE     UINT64_C(0x0)
#define OTHER    UINT64_C(0x200000) /* in another table of the last level */
#define FRAME    UINT64_C(0x400000)
#define FRAME_2  UINT64_C(0x401000)
#define WRITABLE (FRAME_READABLE | FRAME_WRITABLE | FRAME_USER)
#define READABLE (FRAME_READABLE | FRAME_USER)

struct setting {
    const char *table;
    unsigned store_buffer, walk_cache, tlb;
    bool refinement_alone;
    struct program_lists lists;
    struct operation_call before[3];
    size_t before_count;
};

struct found {
    enum search_outcome outcome;
    struct search_figures figures;
    uint32_t finding;
    char last_step[STORY_TEXT_BYTES];
    char sentence[STORY_TEXT_BYTES];
};

static void tell_finding(struct exploration *exploration, const struct search *search, struct found *found)
{
    size_t count;
    const struct search_finding *findings = search_findings(search, &count);
    if (count == 0)
        return;
    const void *from = search_state(search, findings[0].state);
    found->finding = findings[0].rule;
    story_step(exploration, from, findings[0].label, found->last_step);
    story_finding(exploration, from, findings[0].label, findings[0].rule, found->sentence);
}

static struct found explore(struct setting *setting)
{
    struct memory_budget budget = {.bytes_max = (size_t)1 << 30};
    const struct pagetable_class *table = pagetable_class_find(setting->table);
    const struct walk_format *format = walk_format_find("vmsa-4k-25");
    if (!table->accepts(format, entry_format_of(format)))
        format = walk_format_find(table->default_format);
    const struct pagetable_config pagetable = {
        .format = format, .asid = 1, .entries = entry_format_of(format)};
    struct program_source programs = program_lists_source(&setting->lists);
    const struct exploration_config config = {
        .machine = {.cores = setting->lists.programs,
                    .tlb_entries = setting->tlb ? setting->tlb : 1,
                    .walk_cache_entries = setting->walk_cache,
                    .store_buffer = setting->store_buffer,
                    .walks = 1,
                    .ordering = ORDERING_ARM,
                    .speculates = true,
                    .evicts = true,
                    .contexts = {{.regime = {.format = format, .physical_size_lg2 = 48},
                                  .asid = 1,
                                  .pages = {PAGE, OTHER},
                                  .page_count = 2}},
                    .context_count = 1,
                    .memory_bytes = UINT64_C(1) << 24},
        .table = table,
        .pagetable = &pagetable,
        .tables_base = 0x100000,
        .refinement_alone = setting->refinement_alone,
        .before = setting->before,
        .before_count = setting->before_count,
        .programs = &programs,
        .budget = &budget};
    char why[STORY_TEXT_BYTES];
    struct exploration *exploration = exploration_create(&config, why, sizeof why);
    if (!exploration)
        fail_msg("%s", why);
    struct search_model model = exploration_model(exploration);
    const struct search_config search_config = {.budget = &budget};
    struct search *search = search_create(&model, &search_config);
    assert_non_null(search);
    struct found found = {.outcome = search_run(search)};
    if (found.outcome != SEARCH_COMPLETE && found.outcome != SEARCH_FOUND) {
        (void)search_sentence(search, why, sizeof why);
        fail_msg("%s", why);
    }
    found.figures = *search_figures(search);
    tell_finding(exploration, search, &found);
    search_destroy(search);
    exploration_destroy(exploration);
    assert_int_equal(budget.bytes, 0);
    return found;
}

static void expect_clean(struct setting *setting)
{
    struct found found = explore(setting);
    if (found.outcome != SEARCH_COMPLETE)
        fail_msg("%s: %s: %s", setting->table, found.last_step, found.sentence);
}

static void expect_finding(struct setting *setting, enum judge_rule rule)
{
    struct found found = explore(setting);
    if (found.outcome != SEARCH_FOUND || found.finding != FINDING(rule))
        fail_msg("%s: expected %s, there is %s (%s)", setting->table, judge_rule_name(rule),
                 found.finding ? exploration_finding_name(found.finding) : "nothing", found.sentence);
}

/* ---- unmap and map against a reader and writer ---- */

static struct setting unmap_and_map(const char *table, unsigned store_buffer)
{
    return (struct setting){.table = table,
                            .store_buffer = store_buffer,
                            .lists = {.core = {{{LIST_UNMAP(PAGE), LIST_MAP(PAGE, FRAME_2, WRITABLE)}},
                                               {{LIST_LOAD(PAGE), LIST_STORE(PAGE, 5)}}},
                                      .programs = 2},
                            .before = {LIST_MAP_CALL(PAGE, FRAME, WRITABLE)},
                            .before_count = 1};
}

static void no_interleaving_of_a_right_table_breaks_a_rule(void **state)
{
    static const char *const tables[] = {"radix", "radix-keeps-tables", "hashed"};
    (void)state;
    for (unsigned i = 0; i < sizeof tables / sizeof tables[0]; i++)
        for (unsigned depth = 0; depth <= 2; depth++) {
            struct setting setting = unmap_and_map(tables[i], depth);
            expect_clean(&setting);
        }
}

static void a_forgotten_invalidation_leaves_an_entry_behind(void **state)
{
    struct setting setting = unmap_and_map("radix-forgets-invalidation", 1);
    (void)state;
    expect_finding(&setting, RULE_STALE_ENTRY);
}

static void a_forgotten_barrier_shows_only_with_two_stores_on_their_way(void **state)
{
    struct setting seen = unmap_and_map("radix-forgets-barrier", 2);
    struct setting unseen = unmap_and_map("radix-forgets-barrier", 1);
    (void)state;
    seen.refinement_alone = unseen.refinement_alone = true;
    expect_finding(&seen, RULE_STALE_ENTRY);
    expect_clean(&unseen);
}

static void a_forgotten_barrier_breaks_the_protocol_whether_it_shows_or_not(void **state)
{
    struct setting wrong = unmap_and_map("radix-forgets-barrier", 1);
    struct setting right = unmap_and_map("radix", 1);
    (void)state;
    expect_finding(&wrong, RULE_WRITE_BELOW_UNCLEAN);
    expect_clean(&right);
}

/* A word of the table is written by a program: another frame for a page that is mapped. */
static struct setting change_of_a_leaf(bool breaks)
{
    const uint64_t leaf = 0x102000, valid = UINT64_C(0x0060000000000f43) | FRAME_2;
    struct setting setting = {
        .table = "radix",
        .store_buffer = 1,
        .lists = {.core = {{{LIST_WRITE(leaf, valid)}}, {{LIST_FETCH(OTHER)}}}, .programs = 2},
        .before = {LIST_MAP_CALL(PAGE, FRAME, WRITABLE)},
        .before_count = 1};
    const struct program_list with_break = {{LIST_WRITE(leaf, 0), LIST_BARRIER(BARRIER_DSB_ISH),
                                             LIST_TLBI(PAGE), LIST_BARRIER(BARRIER_DSB_ISH),
                                             LIST_WRITE(leaf, valid)}};
    if (breaks)
        setting.lists.core[0] = with_break;
    return setting;
}

static void a_live_entry_changes_through_an_invalid_one(void **state)
{
    struct setting right = change_of_a_leaf(true), wrong = change_of_a_leaf(false);
    struct found found = explore(&right);
    (void)state;
    expect_finding(&wrong, RULE_CHANGED_WITHOUT_BREAK);
    /* behind the table's back: what TLBs hold then is nobody's map */
    assert_int_not_equal(found.finding, FINDING(RULE_CHANGED_WITHOUT_BREAK));
    assert_int_not_equal(found.finding, FINDING(RULE_MADE_BEFORE_CLEAN));
}

/* ---- walk caches ---- */

/* The freed table becomes that of another region. */
static struct setting reuse_of_a_table(const char *table, unsigned walk_cache)
{
    return (struct setting){
        .table = table,
        .store_buffer = 1,
        .walk_cache = walk_cache,
        .lists = {.core = {{{LIST_UNMAP(PAGE), LIST_MAP(OTHER, FRAME, WRITABLE)}}, {{LIST_LOAD(PAGE)}}},
                  .programs = 2},
        .before = {LIST_MAP_CALL(PAGE, FRAME, WRITABLE)},
        .before_count = 1};
}

static void a_cached_table_that_was_freed_is_found(void **state)
{
    struct setting with = reuse_of_a_table("radix-forgets-tables", 1);
    struct setting without = reuse_of_a_table("radix-forgets-tables", 0);
    struct setting right = reuse_of_a_table("radix", 1);
    (void)state;
    with.refinement_alone = without.refinement_alone = true;
    struct found found = explore(&with);
    assert_int_equal(found.outcome, SEARCH_FOUND);
    expect_clean(&without);
    expect_clean(&right);
}

/* ---- protect ---- */

static struct setting protect_against_a_writer(const char *table)
{
    return (struct setting){
        .table = table,
        .store_buffer = 1,
        .lists = {.core = {{{LIST_PROTECT(PAGE, READABLE)}}, {{LIST_STORE(PAGE, 5), LIST_STORE(PAGE, 6)}}},
                  .programs = 2},
        .before = {LIST_MAP_CALL(PAGE, FRAME, WRITABLE)},
        .before_count = 1};
}

static void rights_that_are_taken_away_are_gone_when_protect_returns(void **state)
{
    struct setting right = protect_against_a_writer("radix");
    struct setting wrong = protect_against_a_writer("radix-forgets-invalidation");
    struct found found = explore(&wrong);
    (void)state;
    expect_clean(&right);
    assert_int_equal(found.outcome, SEARCH_FOUND);
}

static void a_memory_type_changes_through_an_invalid_entry(void **state)
{
    struct setting right = protect_against_a_writer("radix");
    struct setting wrong = protect_against_a_writer("radix-forgets-break");
    (void)state;
    right.lists.core[0].requests[0].call.attributes = WRITABLE | FRAME_DEVICE;
    wrong.lists.core[0].requests[0].call.attributes = WRITABLE | FRAME_DEVICE;
    expect_clean(&right);
    expect_finding(&wrong, RULE_CHANGED_WITHOUT_BREAK);
}

/* ---- two cores in one table ---- */

static void two_cores_change_one_table_at_once(void **state)
{
    struct setting setting = {.table = "radix",
                              .store_buffer = 1,
                              .lists = {.core = {{{LIST_UNMAP(PAGE), LIST_QUERY(PAGE)}},
                                                 {{LIST_MAP(PAGE, FRAME_2, WRITABLE), LIST_QUERY(PAGE)}}},
                                        .programs = 2},
                              .before = {LIST_MAP_CALL(PAGE, FRAME, WRITABLE)},
                              .before_count = 1};
    (void)state;
    expect_clean(&setting);
}

/* ---- numbers ---- */

static void the_same_description_has_the_same_states(void **state)
{
    struct setting setting = unmap_and_map("radix", 1);
    struct found one = explore(&setting), other = explore(&setting);
    (void)state;
    assert_int_equal(one.figures.states, other.figures.states);
    assert_int_equal(one.figures.transitions, other.figures.transitions);
    assert_int_equal(one.figures.depth, other.figures.depth);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_interleaving_of_a_right_table_breaks_a_rule),
        cmocka_unit_test(a_forgotten_invalidation_leaves_an_entry_behind),
        cmocka_unit_test(a_forgotten_barrier_shows_only_with_two_stores_on_their_way),
        cmocka_unit_test(a_forgotten_barrier_breaks_the_protocol_whether_it_shows_or_not),
        cmocka_unit_test(a_live_entry_changes_through_an_invalid_one),
        cmocka_unit_test(a_cached_table_that_was_freed_is_found),
        cmocka_unit_test(rights_that_are_taken_away_are_gone_when_protect_returns),
        cmocka_unit_test(a_memory_type_changes_through_an_invalid_entry),
        cmocka_unit_test(two_cores_change_one_table_at_once),
        cmocka_unit_test(the_same_description_has_the_same_states),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
