#include <stdlib.h>
#include <string.h>

#include "pagetables/conform/check.h"
#include "pagetables/conform/sequence.h"
#include "pagetables/conform/trial.h"

static const struct conform_pass *const passes[] = {
    &conform_pass_preconditions, &conform_pass_operations, &conform_pass_no_memory, &conform_pass_stopped,
    &conform_pass_determinism,   &conform_pass_damage,     &conform_pass_walks,     &conform_pass_many,
};

#define PASSES (sizeof passes / sizeof *passes)

struct runner {
    const struct conform_options *options;
    struct conform_report *report;
    struct conform_attributes *attributes;
    const struct conform_pass *pass;
    struct conform_random random;
    bool out_of_memory;
};

static struct conform_setting choose_setting(const struct walk_format *format, struct conform_random *random)
{
    static const uint16_t asids[] = {1, 7, 0xfff, 0};
    static const uint16_t vmids[] = {0, 1, 11, 255};
    return (struct conform_setting){
        .asid = asids[conform_below(random, 4)],
        .vmid = vmids[format->stage2 ? 1 + conform_below(random, 3) : conform_below(random, 4)],
        .every_asid = !format->stage2 && conform_chance(random, 12),
        .aliasing = conform_chance(random, 75),
        .high_tables = conform_chance(random, 4),
        .single_leaves = conform_chance(random, 50),
    };
}

/* ---- Results ---- */

static void count_in(struct conform_counts *sum, const struct conform_counts *counts)
{
    sum->sequences += counts->sequences;
    sum->steps += counts->steps;
    sum->walks += counts->walks;
}

/* A trial that ended early looked for the other properties, too, but not to its end. */
static void count(struct runner *runner, const struct conform_trial *trial)
{
    for (unsigned id = 0; id < CONFORM_PROPERTIES; id++)
        if (id == trial->broken || (trial->broken == CONFORM_PROPERTIES && runner->pass->looks_for >> id & 1))
            count_in(&runner->report->result[id].counts, &trial->counts);
}

/* What the contract wants of each step, by the abstract map alone. */
static bool tell_answers(const struct conform_trial *trial, struct conform_failure *failure)
{
    struct conform_subject subject;
    failure->answers = malloc((failure->count + 1) * sizeof *failure->answers);
    if (!failure->answers ||
        !conform_subject_prepare(&subject, trial->options, &trial->setting, UINT64_C(1) << 20))
        return false;
    bool told = true;
    for (size_t i = 0; told && i < failure->count; i++) {
        failure->answers[i] = conform_expected(trial, &subject, &failure->steps[i]).first;
        told = failure->answers[i] != PAGETABLE_OK || conform_follow(&subject, &failure->steps[i]);
    }
    conform_subject_close(&subject);
    return told;
}

static bool keep_failure(struct runner *runner, struct conform_trial *trial, struct conform_step *steps)
{
    struct conform_result *result = &runner->report->result[trial->broken];
    conform_minimise(trial, steps);
    result->failure = trial->failure;
    result->failure.setting = trial->setting;
    result->failure.count = trial->count;
    result->failure.steps = malloc((trial->count + 1) * sizeof *steps);
    if (!result->failure.steps)
        return false;
    memcpy(result->failure.steps, steps, trial->count * sizeof *steps);
    result->verdict = CONFORM_FAILED;
    runner->report->failed++;
    return tell_answers(trial, &result->failure);
}

/* False ends the run. */
static bool perform(struct runner *runner, struct conform_step *steps, size_t step_count)
{
    const struct conform_options *options = runner->options;
    if (options->go_on && !options->go_on(options->context)) {
        runner->report->ended_early = true;
        return false;
    }
    struct conform_trial trial = {.options = options,
                                  .attributes = runner->attributes,
                                  .pass = runner->pass,
                                  .setting = choose_setting(options->format, &runner->random),
                                  .steps = steps,
                                  .count = step_count};
    if (conform_trial_run(&trial)) {
        count(runner, &trial);
        return true;
    }
    runner->out_of_memory = trial.out_of_memory;
    if (runner->out_of_memory || trial.broken == CONFORM_PROPERTIES)
        return !runner->out_of_memory;
    count(runner, &trial);
    if (runner->report->result[trial.broken].verdict == CONFORM_FAILED)
        return true;
    runner->out_of_memory = !keep_failure(runner, &trial, steps);
    return !runner->out_of_memory;
}

/* ---- The sequences of a pass ---- */

/* Who has little time gets one systematic sequence of so many. */
static unsigned stride_of(unsigned runs)
{
    if (runs >= CONFORM_FEW_RUNS)
        return 1;
    return runs >= CONFORM_VERY_FEW_RUNS ? 5 : 13;
}

static bool perform_systematic(struct runner *runner)
{
    struct conform_step steps[CONFORM_STEPS_MAX];
    size_t step_count;
    const struct walk_format *format = runner->options->format;
    const unsigned stride = stride_of(runner->options->runs);
    for (unsigned i = 0; conform_systematic(format, i, steps, &step_count); i += stride)
        if (!perform(runner, steps, step_count))
            return false;
    for (unsigned i = 0; runner->pass->attributes &&
                         conform_all_attributes(format, runner->attributes, i, steps, &step_count);
         i += stride)
        if (!perform(runner, steps, step_count))
            return false;
    for (unsigned i = 0;
         runner->pass->grows && conform_growing(format, runner->attributes, i, steps, &step_count);
         i += stride > 1 ? 3 : 1)
        if (!perform(runner, steps, step_count))
            return false;
    return true;
}

static bool perform_random(struct runner *runner)
{
    struct conform_step steps[CONFORM_STEPS_MAX];
    uint64_t runs = (uint64_t)runner->options->runs * runner->pass->percent / 100;
    for (uint64_t i = 0; i < runs && runner->attributes->count > 0; i++) {
        size_t step_count = conform_random_steps(runner->options->format, runner->attributes, &runner->random,
                                                 runner->pass->steps_max, steps);
        if (!perform(runner, steps, step_count))
            return false;
    }
    return true;
}

static bool perform_pass(struct runner *runner)
{
    struct conform_step none[1];
    if (runner->pass->once)
        return perform(runner, none, 0);
    return perform_systematic(runner) && perform_random(runner);
}

static void conclude(struct conform_report *report)
{
    for (unsigned id = 0; id < CONFORM_PROPERTIES; id++) {
        struct conform_result *result = &report->result[id];
        bool nothing = id == CONFORM_DAMAGE ? result->counts.steps == 0 : result->counts.sequences == 0;
        if (result->verdict != CONFORM_FAILED && nothing)
            result->verdict = CONFORM_NOT_JUDGED;
    }
}

/* The format without the frame sizes that the table does not offer. */
static struct walk_format offered_by(const struct pagetable_class *table, const struct walk_format *format)
{
    struct walk_format offered = *format;
    offered.frame_sizes = 0;
    for (unsigned i = 0; i < format->frame_sizes; i++)
        if (!(table->lacks_sizes >> format->frame_size_lg2[i] & 1))
            offered.frame_size_lg2[offered.frame_sizes++] = format->frame_size_lg2[i];
    return offered;
}

bool conform_run(const struct conform_options *wanted, struct conform_report *report)
{
    struct conform_options offered_options = *wanted;
    const struct conform_options *options = wanted;
    const struct walk_format offered = offered_by(wanted->table, wanted->format);
    if (offered.frame_sizes < wanted->format->frame_sizes) {
        offered_options.format = &offered;
        options = &offered_options;
    }
    struct runner runner = {.options = options, .report = report};
    *report = (struct conform_report){.failed = 0};
    runner.attributes = malloc(sizeof *runner.attributes);
    if (!runner.attributes || !conform_attributes_find(options, runner.attributes)) {
        free(runner.attributes);
        return false;
    }
    for (size_t i = 0; i < PASSES && !runner.out_of_memory && !report->ended_early; i++) {
        runner.pass = passes[i];
        runner.random = (struct conform_random){options->seed + i};
        (void)perform_pass(&runner);
    }
    free(runner.attributes);
    conclude(report);
    if (runner.out_of_memory)
        conform_report_free(report);
    return !runner.out_of_memory;
}

void conform_report_free(struct conform_report *report)
{
    for (unsigned id = 0; id < CONFORM_PROPERTIES; id++) {
        free(report->result[id].failure.steps);
        free(report->result[id].failure.answers);
    }
    *report = (struct conform_report){.failed = 0};
}
