/* The environment fails at every point of every operation. */
#include <inttypes.h>

#include "pagetables/conform/check.h"

/* ---- No memory ---- */

static bool same_tables(struct conform_trial *trial, const struct conform_subject *subject, size_t before)
{
    size_t after = flat_memory_tables(subject->memory);
    return after == before ||
           conform_break(trial, CONFORM_NO_MEMORY,
                         "%zu tables were allocated before the operation that failed, and %zu after it",
                         before, after);
}

static bool check_failed(struct conform_trial *trial, struct conform_subject *subject,
                         const struct conform_step *step, enum pagetable_result answer, size_t tables)
{
    if (!conform_check_conduct(trial, subject))
        return false;
    if (answer != PAGETABLE_NO_MEMORY)
        return conform_break_at(
            trial, CONFORM_NO_MEMORY, step->va,
            "%s answers \"%s\" when allocation %" PRIu64 " fails, instead of \"no-memory\"",
            conform_step_name(step->kind), pagetable_result_name(answer), trial->failure.nth);
    return same_tables(trial, subject, tables) && conform_check_view(trial, subject, CONFORM_NO_MEMORY) &&
           conform_check_invariants(trial, subject);
}

/* Whether the step has to be tried again with a later allocation that fails. */
static bool fail_step(struct conform_trial *trial, struct conform_subject *subject,
                      const struct conform_step *step, bool *again)
{
    const struct conform_answers wanted = conform_expected(trial, subject, step);
    size_t tables = flat_memory_tables(subject->memory);
    flat_memory_fail_allocation(subject->memory, trial->failure.nth);
    enum pagetable_result answer = conform_perform(subject, step, NULL);
    flat_memory_fail_allocation(subject->memory, 0);
    trial->failure.table_bytes = subject->asked_bytes;
    trial->counts.steps++;
    /* One that only wanted to grow and does without is done. */
    bool done = answer == wanted.first || answer == wanted.second;
    *again = !done && subject->conduct.allocations >= trial->failure.nth;
    if (*again)
        return check_failed(trial, subject, step, answer, tables);
    if (!conform_check_conduct(trial, subject))
        return false;
    if (!done)
        return conform_break_at(trial, CONFORM_NO_MEMORY, step->va,
                                "%s answers \"%s\" instead of \"%s\" when it is repeated with memory",
                                conform_step_name(step->kind), pagetable_result_name(answer),
                                pagetable_result_name(wanted.first));
    return answer != PAGETABLE_OK || conform_follow(subject, step) || conform_lose(trial, subject);
}

static bool fail_steps(struct conform_trial *trial, struct conform_subject *subject)
{
    for (trial->at = 0; trial->at < trial->count; trial->at++) {
        bool again = true;
        for (trial->failure.nth = 1; again; trial->failure.nth++)
            if (!fail_step(trial, subject, &trial->steps[trial->at], &again))
                return false;
        trial->failure.nth = 0;
    }
    return conform_check_view(trial, subject, CONFORM_NO_MEMORY) && conform_end(trial, subject);
}

/* Until it succeeds; then the subject has its table. */
static bool fail_create(struct conform_trial *trial, struct conform_subject *subject)
{
    enum pagetable_result answer = PAGETABLE_NO_MEMORY;
    for (trial->failure.nth = 1; answer == PAGETABLE_NO_MEMORY; trial->failure.nth++) {
        flat_memory_fail_allocation(subject->memory, trial->failure.nth);
        answer = conform_subject_create(subject);
        flat_memory_fail_allocation(subject->memory, 0);
        bool reached = subject->conduct.allocations >= trial->failure.nth;
        if (!conform_check_conduct(trial, subject))
            return false;
        if (answer != (reached ? PAGETABLE_NO_MEMORY : PAGETABLE_OK))
            return conform_break(trial, CONFORM_NO_MEMORY,
                                 "create answers \"%s\" when allocation %" PRIu64 " %s",
                                 pagetable_result_name(answer), trial->failure.nth,
                                 reached ? "fails" : "would fail, which it does not need");
        if (reached && !same_tables(trial, subject, 0))
            return false;
    }
    trial->failure.nth = 0;
    return true;
}

static bool check_no_memory(struct conform_trial *trial, struct conform_subject *subject)
{
    return conform_begin(trial, subject) && conform_end(trial, subject) && fail_create(trial, subject) &&
           fail_steps(trial, subject);
}

static bool perform_no_memory(struct conform_trial *trial)
{
    struct conform_subject subject;
    bool kept = check_no_memory(trial, &subject);
    conform_subject_close(&subject);
    return kept;
}

const struct conform_pass conform_pass_no_memory = {.looks_for = 1u << CONFORM_NO_MEMORY,
                                                    .perform = perform_no_memory,
                                                    .percent = 50,
                                                    .steps_max = 16,
                                                    .grows = true};

/* ---- The machine stops ---- */

/* The table as the step finds it. */
static bool replay(struct conform_trial *trial, struct conform_subject *subject)
{
    if (!conform_begin(trial, subject))
        return false;
    for (size_t i = 0; i < trial->at; i++)
        if (conform_perform(subject, &trial->steps[i], NULL) == PAGETABLE_OK &&
            !conform_follow(subject, &trial->steps[i]))
            return conform_lose(trial, subject);
    return true;
}

static bool check_stop(struct conform_trial *trial, struct conform_subject *subject, bool *again)
{
    const struct conform_step *step = &trial->steps[trial->at];
    if (!replay(trial, subject))
        return false;
    flat_memory_fail_call(subject->memory, trial->failure.nth);
    enum pagetable_result answer = conform_perform(subject, step, NULL);
    flat_memory_fail_call(subject->memory, 0);
    trial->counts.steps++;
    *again = subject->conduct.stopped;
    if (!*again)
        return true;
    if (!conform_check_conduct(trial, subject))
        return false;
    if (subject->conduct.after_stop > 0)
        return conform_break_at(trial, CONFORM_STOPPED, step->va,
                                "%s goes on for %u calls after the one that the machine stopped at",
                                conform_step_name(step->kind), subject->conduct.after_stop);
    return answer == PAGETABLE_ENVIRONMENT ||
           conform_break_at(trial, CONFORM_STOPPED, step->va,
                            "%s answers \"%s\" instead of \"environment\" when the machine stops",
                            conform_step_name(step->kind), pagetable_result_name(answer));
}

/* Each step on a table of its own for each call. The table is not destroyed: what a stop leaves is undefined.
 */
static bool perform_stopped(struct conform_trial *trial)
{
    for (trial->at = 0; trial->at < trial->count; trial->at++) {
        bool again = true;
        for (trial->failure.nth = 1; again; trial->failure.nth++) {
            struct conform_subject subject;
            bool kept = check_stop(trial, &subject, &again);
            conform_subject_close(&subject);
            if (!kept)
                return false;
        }
        trial->failure.nth = 0;
    }
    return true;
}

const struct conform_pass conform_pass_stopped = {
    .looks_for = 1u << CONFORM_STOPPED, .perform = perform_stopped, .percent = 10, .steps_max = 6};
