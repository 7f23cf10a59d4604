#include "pagetables/conform/check.h"

#include <inttypes.h>
#include <stdio.h>

#include "pagetables/conform/random.h"
#include "pagetables/interpret.h"

/* ---- Beginning and end ---- */

bool conform_begin(struct conform_trial *trial, struct conform_subject *subject)
{
    if (!conform_subject_open(subject, trial->options, &trial->setting))
        return conform_starve(trial);
    if (subject->created != PAGETABLE_OK)
        return conform_break(trial, CONFORM_RESULTS, "create answers \"%s\" with memory to spare",
                             pagetable_result_name(subject->created));
    return conform_check_conduct(trial, subject) && conform_check_view(trial, subject, CONFORM_VIEW);
}

bool conform_end(struct conform_trial *trial, struct conform_subject *subject)
{
    trial->at = trial->count;
    enum pagetable_result result = conform_subject_destroy(subject);
    if (!conform_check_conduct(trial, subject))
        return false;
    if (result != PAGETABLE_OK)
        return conform_break(trial, CONFORM_LEAKS, "destroy answers \"%s\"", pagetable_result_name(result));
    size_t tables = flat_memory_tables(subject->memory);
    return tables == 0 ||
           conform_break(trial, CONFORM_LEAKS, "%zu table%s that was allocated is not released after destroy",
                         tables, tables == 1 ? "" : "s");
}

bool conform_lose(struct conform_trial *trial, const struct conform_subject *subject)
{
    trial->out_of_memory |= subject->starved;
    return false;
}

/* ---- Conduct ---- */

bool conform_check_conduct(struct conform_trial *trial, const struct conform_subject *subject)
{
    const struct conform_conduct *conduct = &subject->conduct;
    if (!conform_canary_intact(subject))
        return conform_break(trial, CONFORM_DETERMINISM,
                             "the table wrote beside its state, which has %" PRIu32 " bytes",
                             subject->table->state_bytes);
    if (conduct->endless)
        return conform_break(trial, CONFORM_RESULTS, "the operation did not end after %u calls",
                             CONFORM_CALLS_MAX);
    if (conduct->strayed)
        return conform_break(trial, CONFORM_OWN_MEMORY,
                             "the table %s 0x%" PRIx64 ", which is in no table that it has allocated",
                             conduct->stray_how, conduct->stray_pa);
    size_t locks = flat_memory_locks(subject->memory);
    return locks == 0 ||
           conform_break(trial, CONFORM_LEAKS, "the operation returned and left %zu lock%s taken", locks,
                         locks == 1 ? "" : "s");
}

/* ---- Answers ---- */

static struct conform_answers expected_of_map(const struct conform_trial *trial,
                                              const struct conform_subject *subject,
                                              const struct conform_step *step)
{
    const struct frame frame = {
        .base = step->base, .attributes = step->attributes, .size_lg2 = step->size_lg2};
    uint64_t bytes = frame_size_bytes(&frame);
    bool overlap = abstract_map_overlaps_va(subject->expected, step->va, bytes, NULL);
    if (!subject->setting.aliasing && abstract_map_overlaps_pa(subject->expected, step->base, bytes, NULL))
        return (struct conform_answers){PAGETABLE_FRAME_IN_USE, PAGETABLE_FRAME_IN_USE};
    enum pagetable_result plain = overlap ? PAGETABLE_OVERLAP : PAGETABLE_OK;
    if (conform_expresses(trial->attributes, &frame))
        return (struct conform_answers){plain, plain};
    return (struct conform_answers){PAGETABLE_UNSUPPORTED, overlap ? plain : PAGETABLE_UNSUPPORTED};
}

struct conform_answers conform_expected(const struct conform_trial *trial,
                                        const struct conform_subject *subject,
                                        const struct conform_step *step)
{
    struct mapping found;
    const struct conform_answers fine = {PAGETABLE_OK, PAGETABLE_OK};
    const struct conform_answers nothing = {PAGETABLE_NOT_MAPPED, PAGETABLE_NOT_MAPPED};
    if (step->kind == CONFORM_MAP)
        return expected_of_map(trial, subject, step);
    bool contained = abstract_map_find(subject->expected, step->va, &found);
    if (step->kind == CONFORM_LOOK)
        return contained ? fine : nothing;
    bool base = contained && found.va == step->va;
    if (step->kind == CONFORM_UNMAP)
        return base ? fine : nothing;
    found.frame.attributes = step->attributes;
    if (!contained)
        found.frame =
            (struct frame){.attributes = step->attributes, .size_lg2 = subject->config.format->page_lg2};
    enum pagetable_result plain = base ? PAGETABLE_OK : PAGETABLE_NOT_MAPPED;
    if (conform_expresses(trial->attributes, &found.frame))
        return (struct conform_answers){plain, plain};
    return (struct conform_answers){PAGETABLE_UNSUPPORTED, base ? PAGETABLE_UNSUPPORTED : plain};
}

bool conform_check_answer(struct conform_trial *trial, const struct conform_subject *subject,
                          const struct conform_step *step, enum pagetable_result answer)
{
    const struct conform_answers wanted = conform_expected(trial, subject, step);
    if (answer == wanted.first || answer == wanted.second)
        return true;
    enum conform_property_id id = CONFORM_RESULTS;
    bool overlap = wanted.first == PAGETABLE_OVERLAP || answer == PAGETABLE_OVERLAP;
    if (step->kind == CONFORM_MAP && overlap)
        id = CONFORM_OVERLAP;
    else if (wanted.first == PAGETABLE_UNSUPPORTED || answer == PAGETABLE_UNSUPPORTED)
        id = CONFORM_ATTRIBUTES;
    else if (step->kind == CONFORM_LOOK)
        id = CONFORM_QUERY;
    return conform_break_at(trial, id, step->va, "%s answers \"%s\" instead of \"%s\"",
                            conform_step_name(step->kind), pagetable_result_name(answer),
                            pagetable_result_name(wanted.first));
}

/* ---- The view ---- */

/* Compares mappings, as they come, with the abstract map from its beginning. */
struct comparison {
    struct conform_trial *trial;
    const struct conform_subject *subject;
    enum conform_property_id id;
    uint64_t next;
    bool ended; /* there is no address after the last one */
    size_t seen;
};

/* "0x5000 4096 rw-u" */
struct frame_text {
    char text[80];
};

static struct frame_text text_of(const struct frame *frame)
{
    struct frame_text text;
    char attributes[FRAME_ATTRIBUTES_TEXT_BYTES];
    frame_attributes_print(frame->attributes, attributes);
    (void)snprintf(text.text, sizeof text.text, "0x%" PRIx64 ", 2^%u bytes, %s", frame->base, frame->size_lg2,
                   attributes);
    return text;
}

static bool same_frame(const struct frame *one, const struct frame *other)
{
    return one->base == other->base && one->size_lg2 == other->size_lg2 &&
           one->attributes == other->attributes;
}

/* A clean page has no stores yet; that is no part of the mapping. */
static bool has_rights_of(const struct walk_format *format, const struct walk_leaf *leaf, uint32_t attributes)
{
    return leaf->rights == format->rights(attributes) ||
           leaf->rights == format->rights(attributes | FRAME_CLEAN);
}

static bool compare(void *context, const struct mapping *mapping, const struct walk_leaf *leaf)
{
    struct comparison *comparison = context;
    struct conform_trial *trial = comparison->trial;
    struct mapping wanted;
    bool any =
        !comparison->ended && abstract_map_next(comparison->subject->expected, comparison->next, &wanted);
    trial->counts.walks++;
    if (!any || mapping->va < wanted.va)
        return conform_break_at(trial, comparison->id, mapping->va,
                                "hardware finds a mapping of 0x%" PRIx64
                                " that there is not, or for the second time, or out of order (to %s)",
                                mapping->va, text_of(&mapping->frame).text);
    if (wanted.va < mapping->va)
        return conform_break_at(trial, comparison->id, wanted.va,
                                "the mapping of 0x%" PRIx64 " is not found among the table's candidates",
                                wanted.va);
    if (!same_frame(&wanted.frame, &mapping->frame))
        return conform_break_at(trial, comparison->id, mapping->va,
                                "hardware reads the mapping of 0x%" PRIx64 " as (%s) instead of (%s)",
                                mapping->va, text_of(&mapping->frame).text, text_of(&wanted.frame).text);
    if (!has_rights_of(comparison->subject->config.format, leaf, wanted.frame.attributes))
        return conform_break_at(trial, comparison->id, mapping->va,
                                "the entry of 0x%" PRIx64 " gives rights 0x%x, its attributes mean 0x%x",
                                mapping->va, leaf->rights,
                                comparison->subject->config.format->rights(wanted.frame.attributes));
    comparison->next = mapping->va + 1;
    comparison->ended = comparison->next == 0;
    comparison->seen++;
    return true;
}

static bool complain(void *context, const struct mapping *candidate, enum walk_status status,
                     const struct walk_state *walk)
{
    struct comparison *comparison = context;
    return conform_break_at(
        comparison->trial, comparison->id, walk->va,
        "the table proposes a mapping of 0x%" PRIx64 " (%s), and hardware %s at 0x%" PRIx64, candidate->va,
        text_of(&candidate->frame).text, status == WALK_LEAF ? "finds another one" : "faults", walk->va);
}

/* Addresses that nothing maps fault, however they were chosen: neighbours of mappings and any others. */
static bool check_others(struct conform_trial *trial, struct conform_subject *subject,
                         enum conform_property_id id)
{
    const struct walk_format *format = subject->config.format;
    struct conform_random random = {trial->at * 977 + abstract_map_count(subject->expected)};
    for (unsigned i = 0; i < 8; i++) {
        uint64_t any = conform_next(&random);
        const struct conform_step *step = trial->count ? &trial->steps[any % trial->count] : NULL;
        uint64_t near = step ? step->va + ((any >> 8) % 5 - 2) * (UINT64_C(1) << format->page_lg2) : any;
        uint64_t va = walk_format_extend(format, i < 4 ? near : any);
        struct mapping found;
        struct walk_state walk;
        enum walk_status wanted = abstract_map_find(subject->expected, va, &found) ? WALK_LEAF : WALK_FAULT;
        trial->counts.walks++;
        if (interpret_address(&subject->regime, &subject->reader, va, &walk) != wanted)
            return conform_break_at(trial, id, va, "a walk of 0x%" PRIx64 " %s", va,
                                    wanted == WALK_LEAF ? "faults, though it is mapped"
                                                        : "finds something, though nothing maps it");
    }
    return true;
}

bool conform_check_view(struct conform_trial *trial, struct conform_subject *subject,
                        enum conform_property_id id)
{
    struct comparison comparison = {.trial = trial, .subject = subject, .id = id};
    const struct interpret_visitor visitor = {
        .mapping = compare, .unconfirmed = complain, .context = &comparison};
    struct interpret_counts counts;
    struct mapping missing;
    enum pagetable_result result =
        interpret(subject->table, subject->state, &subject->regime, &subject->reader, &visitor, &counts);
    if (trial->broken != CONFORM_PROPERTIES)
        return false;
    if (result != PAGETABLE_OK)
        return conform_break(trial, id, "enumerate answers \"%s\"", pagetable_result_name(result));
    if (!comparison.ended && abstract_map_next(subject->expected, comparison.next, &missing))
        return conform_break_at(trial, id, missing.va,
                                "the mapping of 0x%" PRIx64 " is not found among the table's candidates",
                                missing.va);
    return check_others(trial, subject, id);
}

bool conform_check_invariants(struct conform_trial *trial, struct conform_subject *subject)
{
    char reason[160] = "";
    enum pagetable_result result =
        subject->table->invariants(subject->state, &subject->reader, reason, sizeof reason);
    return result == PAGETABLE_OK ||
           conform_break(trial, CONFORM_INVARIANTS, "the table's own check of itself says \"%s\": %s",
                         pagetable_result_name(result), reason);
}

/* ---- Memory ---- */

static bool count_block(void *context, uint64_t pa, uint64_t size_bytes)
{
    size_t *blocks = context;
    (void)pa;
    (void)size_bytes;
    (*blocks)++;
    return true;
}

/* A table that tells what it reaches has lost what else it was given. */
static bool check_blocks(struct conform_trial *trial, struct conform_subject *subject)
{
    size_t reached = 0, given = flat_memory_tables(subject->memory);
    if (!subject->table->blocks)
        return true;
    enum pagetable_result result =
        subject->table->blocks(subject->state, &subject->reader, count_block, &reached);
    if (result != PAGETABLE_OK)
        return conform_break(trial, CONFORM_LEAKS, "blocks answers \"%s\"", pagetable_result_name(result));
    return reached == given || conform_break(trial, CONFORM_LEAKS,
                                             "the table was given %zu blocks of memory and says that it "
                                             "reaches %zu",
                                             given, reached);
}

/* ---- query ---- */

static bool check_found(struct conform_trial *trial, const struct conform_subject *subject, uint64_t va,
                        const struct mapping *found)
{
    struct mapping wanted;
    bool mapped = abstract_map_find(subject->expected, va, &wanted);
    if (!mapped)
        return true; /* the answer was checked */
    if (found->va != wanted.va)
        return conform_break_at(trial, CONFORM_QUERY, va,
                                "query of 0x%" PRIx64 " says that its mapping begins at 0x%" PRIx64
                                ", which is 0x%" PRIx64,
                                va, found->va, wanted.va);
    struct frame frame = found->frame;
    frame.attributes &= ~FRAME_STATE_ALL;
    return same_frame(&frame, &wanted.frame) ||
           conform_break_at(trial, CONFORM_QUERY, va,
                            "query of 0x%" PRIx64 " finds the frame (%s) instead of (%s)", va,
                            text_of(&frame).text, text_of(&wanted.frame).text);
}

static bool check_query(struct conform_trial *trial, struct conform_subject *subject, uint64_t va)
{
    const struct conform_step look = {.kind = CONFORM_LOOK, .va = va};
    struct mapping found = {.va = 0};
    if (!walk_format_reaches(subject->config.format, va, 1))
        return true;
    enum pagetable_result answer = conform_perform(subject, &look, &found);
    if (!conform_check_conduct(trial, subject) || !conform_check_answer(trial, subject, &look, answer))
        return false;
    return answer != PAGETABLE_OK || check_found(trial, subject, va, &found);
}

bool conform_check_queries(struct conform_trial *trial, struct conform_subject *subject, uint64_t va,
                           unsigned size_lg2)
{
    uint64_t bytes = UINT64_C(1) << size_lg2;
    const uint64_t places[] = {va, va + bytes / 2 + 8, va + bytes - 1, va + bytes, va - 1};
    for (unsigned i = 0; i < sizeof places / sizeof *places; i++)
        if (!check_query(trial, subject, places[i]))
            return false;
    return true;
}

/* The state that an entry began with is told. */
static bool check_state(struct conform_trial *trial, struct conform_subject *subject,
                        const struct conform_step *step)
{
    const struct conform_step look = {.kind = CONFORM_LOOK, .va = step->va};
    struct mapping found = {.va = 0};
    if (!trial->attributes->entries || conform_perform(subject, &look, &found) != PAGETABLE_OK)
        return true; /* query is judged by itself */
    struct frame made = found.frame;
    made.attributes = step->attributes;
    uint32_t wanted = conform_decoded(trial->attributes, &made);
    return found.frame.attributes == wanted ||
           conform_break_at(trial, CONFORM_ATTRIBUTES, step->va,
                            "query tells the attributes 0x%x of an entry that was made with 0x%x",
                            found.frame.attributes, wanted);
}

/* ---- A whole step ---- */

static unsigned size_at(const struct conform_subject *subject, const struct conform_step *step)
{
    struct mapping found;
    if (step->kind == CONFORM_MAP)
        return step->size_lg2;
    bool mapped = abstract_map_find(subject->expected, step->va, &found) && found.va == step->va;
    return mapped ? found.frame.size_lg2 : subject->config.format->page_lg2;
}

bool conform_check_step(struct conform_trial *trial, struct conform_subject *subject,
                        const struct conform_step *step)
{
    unsigned size_lg2 = size_at(subject, step);
    struct mapping found = {.va = 0};
    enum pagetable_result answer = conform_perform(subject, step, &found);
    trial->counts.steps++;
    if (!conform_check_conduct(trial, subject) || !conform_check_answer(trial, subject, step, answer))
        return false;
    if (answer == PAGETABLE_OK && !conform_follow(subject, step))
        return conform_lose(trial, subject);
    bool changed = answer == PAGETABLE_OK && step->kind != CONFORM_LOOK;
    if (!conform_check_view(trial, subject, changed ? CONFORM_VIEW : CONFORM_UNCHANGED) ||
        !conform_check_invariants(trial, subject) || !check_blocks(trial, subject))
        return false;
    if (changed && step->kind != CONFORM_UNMAP && !check_state(trial, subject, step))
        return false;
    return conform_check_queries(trial, subject, step->va, size_lg2);
}
