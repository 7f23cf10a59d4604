/* The operations by themselves: the abstract map, the view, preconditions, many mappings. */
#include <inttypes.h>

#include "pagetables/conform/check.h"
#include "pagetables/conform/random.h"

/* ---- Sequences ---- */

/* The sequence without a look at what happens; what the checked one before it found is there again. */
static bool replay(struct conform_trial *trial, struct conform_subject *subject)
{
    for (size_t i = 0; i < trial->count; i++)
        if (conform_perform(subject, &trial->steps[i], NULL) == PAGETABLE_OK &&
            !conform_follow(subject, &trial->steps[i]))
            return conform_lose(trial, subject);
    trial->at = trial->count;
    return true;
}

static bool unmap_all(struct conform_trial *trial, struct conform_subject *subject)
{
    struct mapping mapping;
    while (abstract_map_next(subject->expected, 0, &mapping)) {
        const struct conform_step unmap = {.kind = CONFORM_UNMAP, .va = mapping.va};
        if (!conform_check_step(trial, subject, &unmap))
            return false;
    }
    return true;
}

static bool end_empty(struct conform_trial *trial, struct conform_subject *subject)
{
    if (!conform_begin(trial, subject))
        return false;
    size_t first = flat_memory_tables(subject->memory);
    if (!replay(trial, subject) || !unmap_all(trial, subject))
        return false;
    size_t now = flat_memory_tables(subject->memory);
    trial->failure.table_bytes = subject->asked_bytes;
    if (subject->table->releases_empty_tables && now != first)
        return conform_break(trial, CONFORM_EMPTY_TABLES,
                             "%zu tables are allocated when all is unmapped, and %zu were when it was made",
                             now, first);
    return conform_end(trial, subject);
}

static bool end_filled(struct conform_trial *trial, struct conform_subject *subject)
{
    if (!conform_begin(trial, subject))
        return false;
    for (trial->at = 0; trial->at < trial->count; trial->at++)
        if (!conform_check_step(trial, subject, &trial->steps[trial->at]))
            return false;
    return conform_end(trial, subject);
}

static bool perform_operations(struct conform_trial *trial)
{
    struct conform_subject subject;
    bool kept = end_filled(trial, &subject);
    conform_subject_close(&subject);
    if (!kept)
        return false;
    kept = end_empty(trial, &subject);
    conform_subject_close(&subject);
    return kept;
}

const struct conform_pass conform_pass_operations = {
    .looks_for = 1u << CONFORM_RESULTS | 1u << CONFORM_OVERLAP | 1u << CONFORM_ATTRIBUTES |
                 1u << CONFORM_VIEW | 1u << CONFORM_UNCHANGED | 1u << CONFORM_QUERY |
                 1u << CONFORM_INVARIANTS | 1u << CONFORM_OWN_MEMORY | 1u << CONFORM_LEAKS |
                 1u << CONFORM_EMPTY_TABLES,
    .perform = perform_operations,
    .percent = 100,
    .steps_max = 40,
    .attributes = true,
    .grows = true,
};

/* ---- Preconditions ---- */

struct violation {
    struct conform_step step;
    enum pagetable_result wanted;
};

static bool check_violation(struct conform_trial *trial, struct conform_subject *subject,
                            const struct violation *violation)
{
    enum pagetable_result answer = conform_perform(subject, &violation->step, NULL);
    trial->counts.steps++;
    if (answer != violation->wanted || subject->conduct.calls > 0)
        return conform_break_at(
            trial, CONFORM_PRECONDITIONS, violation->step.va,
            "%s of 0x%" PRIx64 " answers \"%s\" after %" PRIu64 " calls instead of \"%s\" after none",
            conform_step_name(violation->step.kind), violation->step.va, pagetable_result_name(answer),
            subject->conduct.calls, pagetable_result_name(violation->wanted));
    return conform_check_view(trial, subject, CONFORM_PRECONDITIONS);
}

/* The first address that is out of reach; 0 if there is none. */
static uint64_t beyond(const struct walk_format *format)
{
    if (format->va_form == VA_HIGH || format->va_bits >= 64)
        return 0;
    return UINT64_C(1) << (format->va_form == VA_SIGNED ? format->va_bits - 1u : format->va_bits);
}

static bool check_size(struct conform_trial *trial, struct conform_subject *subject, unsigned size_lg2)
{
    const struct walk_format *format = subject->config.format;
    uint64_t bytes = UINT64_C(1) << size_lg2, physical = UINT64_C(1) << CONFORM_PHYSICAL_LG2;
    uint64_t half_page = UINT64_C(1) << (format->page_lg2 - 1);
    uint64_t va = walk_format_extend(format, 0) & ~(bytes - 1), out = beyond(format);
    const struct conform_step map = {
        .kind = CONFORM_MAP, .size_lg2 = (uint8_t)size_lg2, .attributes = FRAME_READABLE, .va = va};
    struct violation violations[] = {
        {map, PAGETABLE_UNALIGNED},    {map, PAGETABLE_UNALIGNED}, {map, PAGETABLE_OUT_OF_RANGE},
        {map, PAGETABLE_OUT_OF_RANGE}, {map, PAGETABLE_BAD_SIZE},
    };
    violations[0].step.va += half_page;
    violations[1].step.base += half_page;
    violations[2].step.base = physical & ~(bytes - 1);
    violations[3].step.va = out;
    violations[4].step.size_lg2 = (uint8_t)(format->page_lg2 - 1);
    for (size_t i = 0; i < sizeof violations / sizeof *violations; i++)
        if ((i != 3 || out) && !check_violation(trial, subject, &violations[i]))
            return false;
    return true;
}

static bool check_bases(struct conform_trial *trial, struct conform_subject *subject)
{
    const struct walk_format *format = subject->config.format;
    uint64_t half_page = UINT64_C(1) << (format->page_lg2 - 1), out = beyond(format);
    uint64_t va = walk_format_extend(format, 0) + half_page;
    const struct violation violations[] = {
        {{.kind = CONFORM_UNMAP, .va = va}, PAGETABLE_UNALIGNED},
        {{.kind = CONFORM_PROTECT, .va = va, .attributes = FRAME_READABLE}, PAGETABLE_UNALIGNED},
        {{.kind = CONFORM_UNMAP, .va = out}, PAGETABLE_OUT_OF_RANGE},
        {{.kind = CONFORM_PROTECT, .va = out, .attributes = FRAME_READABLE}, PAGETABLE_OUT_OF_RANGE},
        {{.kind = CONFORM_LOOK, .va = out}, PAGETABLE_OUT_OF_RANGE},
    };
    for (size_t i = 0; i < (out ? 5 : 2); i++)
        if (!check_violation(trial, subject, &violations[i]))
            return false;
    return true;
}

static bool check_preconditions(struct conform_trial *trial, struct conform_subject *subject)
{
    const struct walk_format *format = trial->options->format;
    if (!conform_begin(trial, subject) || !check_bases(trial, subject))
        return false;
    for (unsigned i = 0; i < format->frame_sizes; i++)
        if (!check_size(trial, subject, format->frame_size_lg2[i]))
            return false;
    return conform_end(trial, subject);
}

static bool perform_preconditions(struct conform_trial *trial)
{
    struct conform_subject subject;
    bool kept = check_preconditions(trial, &subject);
    conform_subject_close(&subject);
    return kept;
}

const struct conform_pass conform_pass_preconditions = {
    .looks_for = 1u << CONFORM_PRECONDITIONS, .perform = perform_preconditions, .once = true};

/* ---- Many mappings ---- */

#define MANY_TABLES_BYTES (UINT64_C(512) << 20)

/* Most of them dense, one in fifty anywhere, each in its place. */
static struct conform_step many_step(const struct conform_trial *trial, uint64_t index)
{
    const struct walk_format *format = trial->options->format;
    struct conform_random random = {trial->options->seed + index};
    uint64_t place =
        index + (index % 50 == 0 ? conform_next(&random) : UINT64_C(1) << (format->va_bits - 14));
    uint64_t va = walk_format_extend(format, place << format->page_lg2);
    return (struct conform_step){.kind = CONFORM_MAP,
                                 .size_lg2 = format->page_lg2,
                                 .attributes = trial->attributes->list[0],
                                 .va = va,
                                 .base = index << format->page_lg2};
}

static bool many_operation(struct conform_trial *trial, struct conform_subject *subject,
                           const struct conform_step *step)
{
    const struct conform_answers wanted = conform_expected(trial, subject, step);
    enum pagetable_result answer = conform_perform(subject, step, NULL);
    trial->counts.steps++;
    if (answer != wanted.first)
        return conform_break_at(trial, CONFORM_MANY, step->va,
                                "%s of 0x%" PRIx64 " with %zu mappings answers \"%s\" instead of \"%s\"",
                                conform_step_name(step->kind), step->va,
                                abstract_map_count(subject->expected), pagetable_result_name(answer),
                                pagetable_result_name(wanted.first));
    return answer != PAGETABLE_OK || conform_follow(subject, step) || conform_lose(trial, subject);
}

static bool many_all(struct conform_trial *trial, struct conform_subject *subject,
                     enum conform_step_kind kind, uint64_t first, uint64_t count)
{
    for (uint64_t i = first; i < count; i += kind == CONFORM_UNMAP ? 2 : 1) {
        struct conform_step step = many_step(trial, i);
        step.kind = (uint8_t)kind;
        if (!many_operation(trial, subject, &step))
            return false;
    }
    return true;
}

static uint64_t count_of_many(unsigned runs)
{
    if (runs >= CONFORM_FEW_RUNS)
        return 40000;
    return runs >= CONFORM_VERY_FEW_RUNS ? 10000 : 2000;
}

static bool check_many(struct conform_trial *trial, struct conform_subject *subject)
{
    uint64_t count = count_of_many(trial->options->runs);
    if (trial->attributes->count == 0)
        return conform_break(trial, CONFORM_ATTRIBUTES, "the table accepts no attributes at all");
    if (!conform_subject_prepare(subject, trial->options, &trial->setting, MANY_TABLES_BYTES))
        return conform_starve(trial);
    if (conform_subject_create(subject) != PAGETABLE_OK)
        return conform_break(trial, CONFORM_RESULTS, "create fails");
    return many_all(trial, subject, CONFORM_MAP, 0, count) &&
           conform_check_view(trial, subject, CONFORM_MANY) &&
           many_all(trial, subject, CONFORM_UNMAP, 0, count) &&
           many_all(trial, subject, CONFORM_LOOK, 0, count) &&
           conform_check_view(trial, subject, CONFORM_MANY) && conform_check_invariants(trial, subject) &&
           many_all(trial, subject, CONFORM_UNMAP, 1, count) && conform_end(trial, subject);
}

static bool perform_many(struct conform_trial *trial)
{
    struct conform_subject subject = {.memory = NULL};
    bool kept = check_many(trial, &subject);
    conform_subject_close(&subject);
    return kept;
}

const struct conform_pass conform_pass_many = {
    .looks_for = 1u << CONFORM_MANY, .perform = perform_many, .once = true};
