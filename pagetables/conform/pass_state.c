/* State, memory and nothing else: copies behave alike; and what the table says of damaged memory. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "pagetables/conform/check.h"
#include "pagetables/interpret.h"

/* ---- Determinism ---- */

#define DECOY_BYTES     (UINT64_C(8) << 20)
#define DECOY_GAP_PAGES 200

static bool same_events(const struct conform_subject *one, const struct conform_subject *other)
{
    size_t count = flat_memory_log_count(one->memory);
    if (count != flat_memory_log_count(other->memory) ||
        flat_memory_reads(one->memory) != flat_memory_reads(other->memory))
        return false;
    const struct flat_event *first = flat_memory_log(one->memory), *second = flat_memory_log(other->memory);
    for (size_t i = 0; i < count; i++)
        if (first[i].kind != second[i].kind || first[i].barrier != second[i].barrier ||
            first[i].pa != second[i].pa || first[i].value != second[i].value ||
            first[i].bytes != second[i].bytes || first[i].invalidation.va != second[i].invalidation.va ||
            first[i].invalidation.scope != second[i].invalidation.scope)
            return false;
    return true;
}

/* An original, its copy, and another table: what a pointer into the original's state finds meanwhile. */
struct trio {
    struct conform_subject *subject;
    struct conform_subject copy;
    struct conform_subject decoy;
    unsigned char *aside;
};

/* Performs the step on the copy while another state stands where the original's was. */
static enum pagetable_result perform_apart(struct trio *trio, const struct conform_step *step)
{
    size_t bytes = trio->subject->table->state_bytes;
    memcpy(trio->aside, trio->subject->state, bytes);
    memcpy(trio->subject->state, trio->decoy.state, bytes);
    enum pagetable_result answer = conform_perform(&trio->copy, step, NULL);
    memcpy(trio->subject->state, trio->aside, bytes);
    return answer;
}

static bool follow_both(struct conform_trial *trial, struct trio *trio)
{
    for (; trial->at < trial->count; trial->at++) {
        const struct conform_step *step = &trial->steps[trial->at];
        enum pagetable_result apart = perform_apart(trio, step);
        enum pagetable_result answer = conform_perform(trio->subject, step, NULL);
        trial->counts.steps++;
        if (!conform_check_conduct(trial, trio->subject))
            return false;
        if (apart != answer || !same_events(trio->subject, &trio->copy))
            return conform_break_at(trial, CONFORM_DETERMINISM, step->va,
                                    "%s of 0x%" PRIx64
                                    " does something else on a copy of state and memory (it answers \"%s\", "
                                    "not \"%s\")",
                                    conform_step_name((enum conform_step_kind)step->kind), step->va,
                                    pagetable_result_name(apart), pagetable_result_name(answer));
        if (!conform_check_conduct(trial, &trio->copy))
            return false;
        if (answer == PAGETABLE_OK &&
            (!conform_follow(trio->subject, step) || !conform_follow(&trio->copy, step)))
            return conform_lose(trial, trio->subject->starved ? trio->subject : &trio->copy);
    }
    return true;
}

/* A table of the same kind at other addresses, behind pages that nobody uses. */
static bool make_decoy(struct conform_trial *trial, struct conform_subject *decoy)
{
    if (!conform_subject_prepare(decoy, trial->options, &trial->setting, DECOY_BYTES))
        return false;
    for (unsigned i = 0; i < DECOY_GAP_PAGES; i++) {
        uint64_t page;
        if (decoy->behind.operations->allocate_table(decoy->behind.context, 4096, &page) != ENVIRONMENT_OK)
            return false;
    }
    return conform_subject_create(decoy) == PAGETABLE_OK;
}

static bool copy_and_follow(struct conform_trial *trial, struct conform_subject *subject)
{
    struct trio trio = {.subject = subject, .aside = malloc(subject->table->state_bytes + 1u)};
    bool made = trio.aside && make_decoy(trial, &trio.decoy) && conform_subject_copy(&trio.copy, subject);
    /* A table that cannot be made a second time is not judged here. */
    bool refused = trio.decoy.memory && trio.decoy.created != PAGETABLE_OK;
    bool kept = made ? follow_both(trial, &trio) : !refused && conform_starve(trial);
    conform_subject_close(&trio.copy);
    conform_subject_close(&trio.decoy);
    free(trio.aside);
    return kept;
}

static bool copy_at(struct conform_trial *trial, struct conform_subject *subject, size_t at)
{
    if (!conform_begin(trial, subject))
        return false;
    for (trial->at = 0; trial->at < at; trial->at++)
        if (conform_perform(subject, &trial->steps[trial->at], NULL) == PAGETABLE_OK &&
            !conform_follow(subject, &trial->steps[trial->at]))
            return conform_lose(trial, subject);
    return copy_and_follow(trial, subject);
}

static bool perform_determinism(struct conform_trial *trial)
{
    const size_t places[] = {0, trial->count / 2, trial->count > 0 ? trial->count - 1 : 0};
    for (unsigned i = 0; i < sizeof places / sizeof *places; i++) {
        struct conform_subject subject;
        bool kept = copy_at(trial, &subject, places[i]);
        conform_subject_close(&subject);
        if (!kept)
            return false;
    }
    return true;
}

const struct conform_pass conform_pass_determinism = {
    .looks_for = 1u << CONFORM_DETERMINISM, .perform = perform_determinism, .percent = 25, .steps_max = 20};

/* ---- Damage ---- */

#define DAMAGES 4

/* Words that no table writes: they lead out of memory, or are reserved. */
static uint64_t damaged(uint64_t word, unsigned which)
{
    static const uint64_t high[DAMAGES] = {UINT64_C(0x0000700000000000), UINT64_C(0x0000078000000000),
                                           UINT64_C(0x001fc00000000000), UINT64_MAX};
    return word ^ high[which] ^ (which == DAMAGES - 1 ? word : 0);
}

/* Hardware meets something that no walk of a sound table meets. */
static bool is_monstrous(const struct conform_subject *subject, uint64_t va)
{
    struct walk_state walk;
    if (interpret_address(&subject->regime, &subject->reader, va, &walk) != WALK_FAULT)
        return false;
    return walk.fault == FAULT_EXTERNAL_ABORT || walk.fault == FAULT_ADDRESS_SIZE ||
           walk.fault == FAULT_RESERVED;
}

static bool check_found(struct conform_trial *trial, const struct conform_subject *subject, uint64_t pa,
                        uint64_t va)
{
    char reason[160] = "";
    enum pagetable_result result =
        subject->table->invariants(subject->state, &subject->reader, reason, sizeof reason);
    if (result != PAGETABLE_CORRUPT)
        return conform_break_at(trial, CONFORM_DAMAGE, va,
                                "with a damaged word at 0x%" PRIx64 " hardware's walk of 0x%" PRIx64
                                " leads astray, and the table's own check says \"%s\"",
                                pa, va, pagetable_result_name(result));
    return reason[0] != '\0' ||
           conform_break_at(trial, CONFORM_DAMAGE, va, "the table's own check finds damage without a reason");
}

static bool damage_word(struct conform_trial *trial, struct conform_subject *subject, uint64_t pa,
                        uint64_t va)
{
    uint64_t word = 0;
    bool kept = true;
    for (unsigned which = 0;
         kept && which < DAMAGES && subject->reader.read(subject->reader.context, pa, &word); which++) {
        if (!flat_memory_poke(subject->memory, pa, damaged(word, which)))
            return conform_starve(trial);
        trial->counts.walks++;
        if (is_monstrous(subject, va)) {
            trial->counts.steps++;
            kept = check_found(trial, subject, pa, va);
        }
        if (!flat_memory_poke(subject->memory, pa, word))
            return conform_starve(trial);
    }
    return kept;
}

/* Every word that the walk of an address fetches. */
static bool damage_walk(struct conform_trial *trial, struct conform_subject *subject, uint64_t va)
{
    uint64_t words[WALK_WORDS_MAX] = {0};
    struct walk_state walk;
    enum walk_status status = subject->regime.format->start(&walk, &subject->regime, va);
    while (status == WALK_FETCH || status == WALK_UPDATE) {
        unsigned count = 0;
        for (unsigned i = 0; status == WALK_FETCH && i < walk.fetches; i++)
            for (unsigned word = 0; word < walk.fetch_words; word++, count++) {
                uint64_t pa = walk.fetch[i] + 8u * word;
                if (!subject->reader.read(subject->reader.context, pa, &words[count]))
                    return true;
                if (words[count] != 0 && !damage_word(trial, subject, pa, va))
                    return false;
            }
        status = status == WALK_UPDATE ? subject->regime.format->updated(&walk)
                                       : subject->regime.format->resume(&walk, words);
    }
    return true;
}

static bool damage_all(struct conform_trial *trial, struct conform_subject *subject)
{
    struct mapping mapping;
    if (!conform_begin(trial, subject))
        return false;
    for (trial->at = 0; trial->at < trial->count; trial->at++)
        if (conform_perform(subject, &trial->steps[trial->at], NULL) == PAGETABLE_OK &&
            !conform_follow(subject, &trial->steps[trial->at]))
            return conform_lose(trial, subject);
    for (uint64_t va = 0; abstract_map_next(subject->expected, va, &mapping); va = mapping.va + 1)
        if (!damage_walk(trial, subject, mapping.va) || mapping.va + 1 == 0)
            return trial->broken == CONFORM_PROPERTIES && !trial->out_of_memory;
    return conform_end(trial, subject);
}

static bool perform_damage(struct conform_trial *trial)
{
    struct conform_subject subject;
    bool kept = damage_all(trial, &subject);
    conform_subject_close(&subject);
    return kept;
}

const struct conform_pass conform_pass_damage = {
    .looks_for = 1u << CONFORM_DAMAGE, .perform = perform_damage, .percent = 5, .steps_max = 10};
