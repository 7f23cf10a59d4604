/* What a walk of another core sees while an operation runs, and what that core holds when it has returned. */
#include <inttypes.h>

#include "pagetables/conform/check.h"
#include "pagetables/conform/watch.h"

struct witness {
    struct conform_trial *trial;
    struct conform_subject *subject;
    struct watch watch;
    const struct conform_step *step;
    struct mapping old, new; /* what the operation changes */
    bool has_old, has_new;   /* what a walk may find instead of a fault */
    bool returned;           /* from now on the new alone is right */
    /* All invalidations of the operation. */
    struct invalidation issued[WATCH_ISSUED_MAX];
    unsigned issues;
};

/* ---- Judging one walk ---- */

/* The leaf says of the address what the mapping says, though it may be one of several for it. */
static bool agrees(const struct walk_leaf *leaf, uint64_t va, const struct mapping *mapping)
{
    return leaf->frame.attributes == mapping->frame.attributes &&
           leaf->frame.base + (va - leaf->va) == mapping->frame.base + (va - mapping->va);
}

static bool concerns(const struct mapping *mapping, bool has, uint64_t va)
{
    return has && mapping_contains(mapping, va);
}

static const char *fault_text(unsigned fault)
{
    switch (fault) {
    case FAULT_EXTERNAL_ABORT:
        return "reads where there is no memory";
    case FAULT_TRANSLATION:
        return "faults";
    default:
        return "meets an entry that is none";
    }
}

static bool judge_fault(struct witness *witness, uint64_t va, unsigned fault)
{
    struct mapping unused;
    bool changes =
        concerns(&witness->old, witness->has_old, va) || concerns(&witness->new, witness->has_new, va);
    bool may_fault = witness->returned ? !concerns(&witness->new, witness->has_new, va) : true;
    bool mapped = changes ? !may_fault : abstract_map_find(witness->subject->expected, va, &unused);
    if (!mapped && fault == FAULT_TRANSLATION)
        return true;
    return conform_break_at(
        witness->trial, CONFORM_WALKS, va, "%s %s of 0x%" PRIx64 " another core's walk of 0x%" PRIx64 " %s%s",
        witness->returned ? "after" : "during", conform_step_name(witness->step->kind), witness->step->va, va,
        fault_text(fault), mapped ? changes ? "" : ", though that address is mapped all the time" : "");
}

static bool judge_leaf(struct witness *witness, uint64_t va, const struct walk_leaf *leaf)
{
    struct mapping other;
    bool in_old = concerns(&witness->old, witness->has_old, va);
    bool in_new = concerns(&witness->new, witness->has_new, va);
    if (in_new && agrees(leaf, va, &witness->new))
        return true;
    bool is_old = in_old && agrees(leaf, va, &witness->old);
    if (is_old && !witness->returned)
        return true;
    if (!in_old && !in_new && abstract_map_find(witness->subject->expected, va, &other) &&
        agrees(leaf, va, &other))
        return true;
    return conform_break_at(
        witness->trial, is_old ? CONFORM_STALE : CONFORM_WALKS, va,
        "%s %s of 0x%" PRIx64 " another core's walk of 0x%" PRIx64 " finds %s (frame 0x%" PRIx64 ")",
        witness->returned ? "after" : "during", conform_step_name(witness->step->kind), witness->step->va, va,
        is_old ? "the old mapping" : "what was never mapped there", leaf->frame.base);
}

static bool judge(void *context, uint64_t va, const struct walk_leaf *leaf, unsigned fault)
{
    struct witness *witness = context;
    return leaf ? judge_leaf(witness, va, leaf) : judge_fault(witness, va, fault);
}

/* ---- Judging invalidations ---- */

static void complain(void *context, enum watch_fault fault, const struct watch_item *item,
                     const struct flat_event *event)
{
    struct witness *witness = context;
    const struct pagetable_config *config = &witness->subject->config;
    const char *operation = conform_step_name(witness->step->kind);
    switch (fault) {
    case WATCH_RELEASED:
        (void)conform_break_at(witness->trial, CONFORM_RELEASES, item->probe,
                               "%s of 0x%" PRIx64 " releases the table at 0x%" PRIx64
                               " while a walk of 0x%" PRIx64 " can still come to it",
                               operation, witness->step->va, event->pa, item->probe);
        break;
    case WATCH_UNBROKEN:
        (void)conform_break_at(witness->trial, CONFORM_BREAK, item->va,
                               "%s of 0x%" PRIx64 " shows the new entry while the old one is still held, and "
                               "the format asks for an invalid entry and its invalidation between them",
                               operation, witness->step->va);
        break;
    default:
        (void)conform_break_at(witness->trial, CONFORM_IDENTIFIERS, event->invalidation.va,
                               "%s of 0x%" PRIx64 " invalidates ASID %u of VMID %u; the table has %u and %u",
                               operation, witness->step->va, event->invalidation.asid,
                               event->invalidation.vmid, config->asid, config->vmid);
        break;
    }
}

/* ---- One operation ---- */

static void prepare(struct witness *witness, const struct conform_step *step)
{
    const struct abstract_map *expected = witness->subject->expected;
    bool base = abstract_map_find(expected, step->va, &witness->old) && witness->old.va == step->va;
    const struct conform_answers wanted = conform_expected(witness->trial, witness->subject, step);
    bool changes = wanted.first == PAGETABLE_OK && step->kind != CONFORM_LOOK;
    witness->step = step;
    witness->returned = false;
    witness->has_old = changes && base && step->kind != CONFORM_MAP;
    witness->has_new = changes && step->kind != CONFORM_UNMAP;
    witness->new = witness->old;
    if (step->kind == CONFORM_MAP)
        witness->new = (struct mapping){step->va, {step->base, step->attributes, step->size_lg2}};
    else
        witness->new.frame.attributes = step->attributes;
    witness->new.frame.attributes &= ~FRAME_STATE_ALL;
    witness->issues = 0;
}

/* The invalidations of the operation that has just returned. */
static void collect(struct witness *witness)
{
    const struct flat_event *log = flat_memory_log(witness->subject->memory);
    for (size_t i = 0; i < flat_memory_log_count(witness->subject->memory); i++)
        if (log[i].kind == FLAT_INVALIDATE && witness->issues < WATCH_ISSUED_MAX)
            witness->issued[witness->issues++] = log[i].invalidation;
}

/* Whether it was named by an invalidation, but only by such that leave global entries alone. */
static bool escaped_as_global(const struct witness *witness, const struct watch_item *item)
{
    bool named = false;
    for (unsigned i = 0; i < witness->issues; i++) {
        if (watch_covers(&witness->watch, &witness->issued[i], item))
            return false;
        named |= watch_covers_local(&witness->watch, &witness->issued[i], item);
    }
    return named && item->leaf.frame.attributes & FRAME_GLOBAL;
}

/* Everything that is still held is what is mapped now. */
static bool check_held(struct witness *witness)
{
    const struct conform_step *step = witness->step;
    for (size_t i = 0; i < witness->watch.items; i++) {
        const struct watch_item *item = &witness->watch.item[i];
        struct mapping mapping;
        if (item->kind == WATCH_WALK || (abstract_map_find(witness->subject->expected, item->va, &mapping) &&
                                         agrees(&item->leaf, item->va, &mapping)))
            continue;
        return conform_break_at(
            witness->trial, escaped_as_global(witness, item) ? CONFORM_GLOBALS : CONFORM_STALE, item->va,
            "%s of 0x%" PRIx64 " has returned, and another core's TLB may still hold 0x%" PRIx64
            "%s (frame 0x%" PRIx64 ")",
            conform_step_name(step->kind), step->va, item->va,
            item->kind == WATCH_COMBINED ? ", combined with stage 1" : "", item->leaf.frame.base);
    }
    return true;
}

/* An operation may leave what it adds in the store buffer, but not what it takes away. */
static bool check_return(struct witness *witness)
{
    const struct conform_step *step = witness->step;
    collect(witness);
    if (step->kind == CONFORM_MAP) {
        watch_drain(&witness->watch);
        watch_land(&witness->watch); /* a walk that began before may end with what was before */
    }
    witness->returned = true;
    watch_walk(&witness->watch);
    if (witness->watch.over || !check_held(witness))
        return false;
    watch_drain(&witness->watch);
    return true;
}

/* False ends the trial, with or without something broken: what is wrong with the answer others look for. */
static bool perform_step(struct witness *witness, const struct conform_step *step)
{
    prepare(witness, step);
    const struct conform_answers wanted = conform_expected(witness->trial, witness->subject, step);
    enum pagetable_result answer = conform_perform(witness->subject, step, NULL);
    witness->trial->counts.steps++;
    if (witness->watch.over || (answer != wanted.first && answer != wanted.second))
        return false;
    if (answer == PAGETABLE_OK && !conform_follow(witness->subject, step))
        return conform_lose(witness->trial, witness->subject);
    return check_return(witness);
}

/* ---- The sequence ---- */

static void add_probe(struct watch *watch, uint64_t va)
{
    for (unsigned i = 0; i < watch->probes; i++)
        if (watch->probe[i] == va)
            return;
    if (watch->probes < WATCH_PROBES_MAX && walk_format_reaches(watch->regime.format, va, 1))
        watch->probe[watch->probes++] = va;
}

/* Where operations will change something, and beside it. */
static void choose_probes(const struct conform_trial *trial, struct watch *watch)
{
    for (size_t i = 0; i < trial->count; i++)
        add_probe(watch, trial->steps[i].va);
    for (size_t i = 0; i < trial->count; i++) {
        const struct conform_step *step = &trial->steps[i];
        if (step->kind == CONFORM_MAP)
            add_probe(watch, step->va + (UINT64_C(1) << step->size_lg2) - 1);
    }
}

static bool watch_steps(struct conform_trial *trial, struct conform_subject *subject)
{
    struct witness witness = {.trial = trial, .subject = subject};
    struct watch *watch = &witness.watch;
    watch_begin(watch, subject);
    watch->judge = judge;
    watch->complain = complain;
    watch->context = &witness;
    choose_probes(trial, watch);
    for (trial->at = 0; trial->at < trial->count; trial->at++)
        if (!perform_step(&witness, &trial->steps[trial->at]))
            break;
    trial->counts.walks += watch->walks;
    if (watch->out_of_memory)
        (void)conform_starve(trial);
    watch_end(watch);
    return trial->broken == CONFORM_PROPERTIES && !trial->out_of_memory;
}

static bool perform_walks(struct conform_trial *trial)
{
    struct conform_subject subject;
    bool kept = conform_begin(trial, &subject) && watch_steps(trial, &subject);
    conform_subject_close(&subject);
    return kept;
}

const struct conform_pass conform_pass_walks = {
    .looks_for = 1u << CONFORM_WALKS | 1u << CONFORM_STALE | 1u << CONFORM_GLOBALS |
                 1u << CONFORM_IDENTIFIERS | 1u << CONFORM_RELEASES | 1u << CONFORM_BREAK,
    .perform = perform_walks,
    .percent = 100,
    .steps_max = 14,
    .attributes = true,
    .grows = true,
};
