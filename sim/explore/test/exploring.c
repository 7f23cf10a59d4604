#include "sim/explore/test/exploring.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

static void complete_machine(const struct exploring *exploring, const struct walk_format *format,
                             struct small_config *machine)
{
    struct small_context *first = &machine->contexts[0];
    machine->cores = exploring->lists.programs;
    machine->tlb_entries = machine->tlb_entries ? machine->tlb_entries : 1;
    machine->walks = machine->walks ? machine->walks : 1;
    machine->memory_bytes = machine->memory_bytes ? machine->memory_bytes : UINT64_C(1) << 24;
    machine->context_count = machine->context_count ? machine->context_count : 1;
    if (!exploring->own_hardware)
        machine->speculates = machine->evicts = true;
    first->asid = 1;
    if (first->page_count == 0) {
        first->pages[first->page_count++] = PAGE;
        first->pages[first->page_count++] = OTHER;
    }
    for (unsigned i = 0; i < machine->context_count; i++) {
        machine->contexts[i].regime.format = format;
        machine->contexts[i].regime.physical_size_lg2 = 48;
    }
}

struct exploration_config exploring_config(struct exploring *exploring, struct pagetable_config *pagetable,
                                           struct program_source *lists, struct memory_budget *budget)
{
    const struct walk_format *format = walk_format_find(exploring->format ? exploring->format : "vmsa-4k-25");
    *pagetable = (struct pagetable_config){.format = format, .asid = 1, .entries = entry_format_of(format)};
    *lists = program_lists_source(&exploring->lists);
    struct exploration_config config = {.machine = exploring->machine,
                                        .table = exploring->table,
                                        .pagetable = pagetable,
                                        .tables_base = EXPLORING_TABLES,
                                        .refinement_alone = !exploring->is_judged_by_protocol,
                                        .before = exploring->before,
                                        .before_count = exploring->before_count,
                                        .programs = exploring->source ? exploring->source : lists,
                                        .budget = budget};
    complete_machine(exploring, format, &config.machine);
    return config;
}

static void tell_finding(struct exploration *exploration, const struct search *search,
                         struct exploring_found *found)
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

struct exploring_found exploring_run(struct exploring *exploring)
{
    struct memory_budget budget = {.bytes_max = (size_t)1 << 30};
    struct pagetable_config pagetable;
    struct program_source lists;
    const struct exploration_config config = exploring_config(exploring, &pagetable, &lists, &budget);
    char why[STORY_TEXT_BYTES];
    struct exploration *exploration = exploration_create(&config, why, sizeof why);
    if (!exploration)
        fail_msg("%s", why);
    const struct search_model model = exploration_model(exploration);
    const struct search_config search_config = {.budget = &budget};
    struct search *search = search_create(&model, &search_config);
    assert_non_null(search);
    struct exploring_found found = {.outcome = search_run(search)};
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

void expect_clean(struct exploring *exploring)
{
    struct exploring_found found = exploring_run(exploring);
    if (found.outcome != SEARCH_COMPLETE)
        fail_msg("%s: %s: %s", exploring->table->name, found.last_step, found.sentence);
}

void expect_finding(struct exploring *exploring, uint32_t finding)
{
    struct exploring_found found = exploring_run(exploring);
    if (found.outcome != SEARCH_FOUND)
        fail_msg("%s: expected %s, there is nothing", exploring->table->name,
                 exploration_finding_name(finding));
    if (found.finding != finding)
        fail_msg("%s: expected %s, there is %s (%s)", exploring->table->name,
                 exploration_finding_name(finding), exploration_finding_name(found.finding), found.sentence);
}
