/*
 * Stories and replays: what happens in a transition is told whole and in its order, a run ends in the state
 * that its finding is about, and a script does on each core what the run did there.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sim/explore/replay.h"
#include "sim/explore/test/program_list.h"

#define PAGE     UINT64_C(0x0)
#define FRAME    UINT64_C(0x400000)
#define WRITABLE (FRAME_READABLE | FRAME_WRITABLE | FRAME_USER)

struct told {
    struct memory_budget budget;
    struct program_lists lists;
    struct program_source programs;
    struct pagetable_config pagetable;
    struct operation_call before;
    struct exploration *exploration;
    struct search *search;
    struct story_run run;
};

/* Explores until the first finding, and has the run to it. */
static void explore(struct told *told, const char *table, const struct program_lists *lists)
{
    const struct walk_format *format = walk_format_find("vmsa-4k-25");
    char why[STORY_TEXT_BYTES];
    size_t count;
    memset(told, 0, sizeof *told);
    told->budget.bytes_max = (size_t)1 << 28;
    told->lists = *lists;
    told->programs = program_lists_source(&told->lists);
    told->pagetable =
        (struct pagetable_config){.format = format, .asid = 7, .entries = entry_format_of(format)};
    told->before = (struct operation_call)LIST_MAP_CALL(PAGE, FRAME, WRITABLE);
    const struct exploration_config config = {
        .machine = {.cores = lists->programs,
                    .tlb_entries = 1,
                    .store_buffer = 1,
                    .walks = 1,
                    .ordering = ORDERING_ARM,
                    .speculates = true,
                    .contexts = {{.regime = {.format = format, .physical_size_lg2 = 48},
                                  .asid = 7,
                                  .pages = {PAGE},
                                  .page_count = 1}},
                    .context_count = 1,
                    .memory_bytes = UINT64_C(1) << 24},
        .table = pagetable_class_find(table),
        .pagetable = &told->pagetable,
        .tables_base = 0x100000,
        .before = &told->before,
        .before_count = 1,
        .programs = &told->programs,
        .budget = &told->budget};
    told->exploration = exploration_create(&config, why, sizeof why);
    if (!told->exploration)
        fail_msg("%s", why);
    const struct search_model model = exploration_model(told->exploration);
    const struct search_config search_config = {.budget = &told->budget};
    told->search = search_create(&model, &search_config);
    assert_non_null(told->search);
    assert_int_equal(search_run(told->search), SEARCH_FOUND);
    const struct search_finding *findings = search_findings(told->search, &count);
    assert_true(story_run_make(told->search, &findings[0], &told->run));
}

static void forget(struct told *told)
{
    story_run_free(&told->run);
    search_destroy(told->search);
    exploration_destroy(told->exploration);
    assert_int_equal(told->budget.bytes, 0);
}

/* ---- lines ---- */

struct lines {
    char text[8192];
    size_t transition, steps;
};

static void take_line(void *context, const struct story_line *line)
{
    struct lines *lines = context;
    size_t length = strlen(lines->text);
    assert_true(line->transition >= lines->transition);
    if (line->transition > lines->transition)
        assert_false(line->follows);
    lines->transition = line->transition;
    lines->steps += !line->follows;
    (void)snprintf(lines->text + length, sizeof lines->text - length, "%s%s\n", line->mark, line->text);
}

static void take_end(void *context, const char *text)
{
    struct lines *lines = context;
    size_t length = strlen(lines->text);
    (void)snprintf(lines->text + length, sizeof lines->text - length, "%s\n", text);
}

static const struct program_lists unmap_alone = {.core = {{{LIST_UNMAP(PAGE)}}, {{{0}}}}, .programs = 2};

static void expect_order(const char *text, const char *const *parts)
{
    for (; *parts; parts++) {
        const char *at = strstr(text, *parts);
        if (!at)
            fail_msg("'%s' is missing, or too early, in\n%s", *parts, text);
        text = at + strlen(*parts);
    }
}

static void a_run_is_told_with_what_follows_by_itself(void **state)
{
    struct told told;
    struct lines lines = {0};
    const struct story_teller teller = {take_line, &lines};
    static const char *const parts[] = {"* walk for 0x0 ends: 0x0 -> 0x400000 rw-u\n",
                                        "unmap of 0x0\n",
                                        "  takes the lock at",
                                        "  writes 0x0 to",
                                        "* store of 0x0 to",
                                        "  executes DSB",
                                        "  returns ok\n",
                                        NULL};
    (void)state;
    explore(&told, "radix-forgets-invalidation", &unmap_alone);
    story_tell(told.exploration, &told.run, &teller);
    expect_order(lines.text, parts);
    assert_int_equal(lines.transition, told.run.count);
    assert_true(lines.steps <= told.run.count); /* some are folded */
    forget(&told);
}

static void a_run_ends_with_what_the_finding_is_about(void **state)
{
    struct told told;
    struct lines lines = {0};
    const struct story_reader reader = {take_end, &lines};
    char sentence[STORY_TEXT_BYTES];
    (void)state;
    explore(&told, "radix-forgets-invalidation", &unmap_alone);
    const struct story_transition *last = &told.run.transitions[told.run.count - 1];
    story_end(told.exploration, last->from, last->label, &reader);
    assert_string_equal(lines.text, "the TLB of core 1 holds 0x0 -> 0x400000 rw-u\n"
                                    "the TLB of core 2 holds nothing\n"
                                    "nothing is mapped at 0x0\n");
    story_finding(told.exploration, last->from, last->label, told.run.finding, sentence);
    assert_string_equal(sentence,
                        "the TLB of core 1 holds 0x0 -> 0x400000 rw-u, but nothing is mapped at 0x0");
    forget(&told);
}

/* ---- replays ---- */

static char *script_of(struct told *told, unsigned number)
{
    struct replay_timing timing;
    struct replay *replay = replay_create(told->exploration, &told->run, "mine");
    char *text = NULL;
    size_t bytes;
    assert_non_null(replay);
    assert_true(replay_timing_at(replay, number, &timing));
    FILE *stream = open_memstream(&text, &bytes);
    assert_non_null(stream);
    replay_write(replay, &timing, stream);
    assert_int_equal(fclose(stream), 0);
    assert_non_null(text);
    replay_destroy(replay);
    return text;
}

static void a_replay_has_the_calls_of_its_run_in_their_order(void **state)
{
    struct told told;
    static const char *const parts[] = {"cores = 2",
                                        "table = \"mine\", format = \"vmsa-4k-25\", asid = 7 }\n",
                                        "as:premap(0x0, 0x400000, \"4K\", \"rw-u\")\n",
                                        "m.core[1]:program",
                                        "at(core, ",
                                        "core:load(0x0, { data = \"none\" })",
                                        "as:unmap(core, 0x0)",
                                        "m.core[2]:program",
                                        NULL};
    (void)state;
    explore(&told, "radix-forgets-invalidation", &unmap_alone);
    char *text = script_of(&told, 0);
    expect_order(text, parts);
    free(text);
    forget(&told);
}

static void timings_differ_and_end(void **state)
{
    struct told told;
    struct replay_timing before = {0}, timing;
    unsigned count = 0;
    (void)state;
    explore(&told, "radix-forgets-invalidation", &unmap_alone);
    struct replay *replay = replay_create(told.exploration, &told.run, "mine");
    assert_non_null(replay);
    while (replay_timing_at(replay, count, &timing)) {
        assert_true(timing.shift_cycles != before.shift_cycles || timing.step_cycles != before.step_cycles ||
                    timing.drain_cycles != before.drain_cycles ||
                    timing.message_cycles != before.message_cycles ||
                    timing.adversary_cycles != before.adversary_cycles);
        before = timing;
        count++;
    }
    assert_in_range(count, 10, 1000);
    replay_destroy(replay);
    forget(&told);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_run_is_told_with_what_follows_by_itself),
        cmocka_unit_test(a_run_ends_with_what_the_finding_is_about),
        cmocka_unit_test(a_replay_has_the_calls_of_its_run_in_their_order),
        cmocka_unit_test(timings_differ_and_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
