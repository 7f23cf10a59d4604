/*
 * Random right histories give no finding, and one damage to them gives one. MMUSIM_SEED is the seed of the
 * first history (else 1), MMUSIM_RUNS says how many there are.
 */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "sim/judge/test/history.h"

#define HISTORIES 40u

static uint64_t first_seed;
static uint64_t histories;

enum kind { PLAIN, LAZY, GUESTS };

static void tell_history(struct story *story, uint64_t seed, enum kind kind)
{
    story_begin(story);
    if (kind == GUESTS) {
        story_space(story, 3, false);
        for (unsigned i = 0; i < 2; i++) {
            story->events[i].as.space.stage2 = 3;
            story->events[i].as.space.aliasing_allowed = true;
        }
    }
    story->config.settle_cycles = seed % 2 ? 2000 : 0;
    story->config.findings_max = 20;
    struct history_config config = {
        .seed = seed, .cycles = 6000, .lazy = kind == LAZY, .guests = kind == GUESTS};
    history_tell(story, &config);
}

static void show(const struct judge *judge, uint64_t seed)
{
    const struct judge_finding *finding;
    print_message("MMUSIM_SEED=%" PRIu64 "\n", seed);
    for (size_t i = 0; (finding = judge_finding_at(judge, i)); i++)
        print_message("cycle %" PRIu64 " %s: %s\n", finding->cycle,
                      judge_rule_name((enum judge_rule)finding->rule), finding->text);
}

static void no_finding(uint64_t seed, enum kind kind)
{
    struct story story;
    tell_history(&story, seed, kind);
    struct judge *judge = story_judge(&story);
    if (judge_count_all(judge))
        show(judge, seed);
    assert_int_equal(judge_count_all(judge), 0);
    for (unsigned i = 0; i < JUDGE_UNJUDGED; i++)
        assert_int_equal(judge_unjudged(judge, (enum judge_unjudged)i), 0);
    judge_destroy(judge);
    story_end(&story);
}

static void good_histories_give_no_finding(void **state)
{
    for (uint64_t i = 0; i < histories; i++)
        no_finding(first_seed + i, PLAIN);
}

static void good_histories_of_lazy_operations_give_no_finding(void **state)
{
    for (uint64_t i = 0; i < histories; i++)
        no_finding(first_seed + i, LAZY);
}

static void good_histories_of_guests_give_no_finding(void **state)
{
    for (uint64_t i = 0; i < histories; i++)
        no_finding(first_seed + i, GUESTS);
}

/* ---- what can be damaged ---- */

static bool is_access(const struct mmu_event *event)
{
    return event->kind == EVENT_TRANSLATION && !event->as.translation.fault;
}

static bool is_load(const struct mmu_event *event)
{
    return is_access(event) && event->as.translation.access_kind == ACCESS_LOAD;
}

static bool is_acknowledgement(const struct mmu_event *event)
{
    return event->kind == EVENT_ACKNOWLEDGEMENT;
}

static bool is_view(const struct mmu_event *event)
{
    return event->kind == EVENT_VIEW;
}

static bool is_answer(const struct mmu_event *event)
{
    return event->kind == EVENT_OPERATION_END;
}

static bool is_found(const struct mmu_event *event)
{
    return is_answer(event) && event->as.operation.kind == OPERATION_QUERY &&
           event->as.operation.result == PAGETABLE_OK;
}

static bool is_entry(const struct mmu_event *event)
{
    return event->kind == EVENT_TLB_ENTRY;
}

static bool is_filling_walk(const struct mmu_event *event)
{
    return event->kind == EVENT_WALK && event->as.walk.filled;
}

/* The end of the run's operation of this id, in the story. */
static const struct event_operation *operation_of(const struct story *story, uint64_t id)
{
    for (size_t i = 0; i < story->count; i++)
        if (story->events[i].kind == EVENT_OPERATION_END && story->events[i].as.operation.id == id)
            return &story->events[i].as.operation;
    return NULL;
}

static uint64_t window_end(const struct story *story, uint64_t id)
{
    uint64_t end = 0;
    for (size_t i = 0; i < story->count; i++) {
        const struct mmu_event *event = &story->events[i];
        bool its = (event->kind == EVENT_OPERATION_END && event->as.operation.id == id) ||
                   (event->kind == EVENT_ENTRY_WRITE && event->as.entry_write.operation == id);
        if (its && event->cycle > end)
            end = event->cycle;
    }
    return end; /* the histories of this test wait for acknowledgements before they return */
}

static uint64_t operation_of_invalidation(const struct story *story, uint64_t invalidation)
{
    for (size_t i = 0; i < story->count; i++)
        if (story->events[i].kind == EVENT_INVALIDATION &&
            story->events[i].as.invalidation.id == invalidation)
            return story->events[i].as.invalidation.operation;
    return 0;
}

/* No other operation on this page, and none of a second stage, runs in any of these cycles: what is seen then
 * has to be seen. */
static bool is_quiet(const struct story *story, const struct mmu_event *event, uint32_t space, uint64_t va,
                     uint64_t first_cycle)
{
    for (size_t i = 0; i < story->count; i++) {
        const struct mmu_event *other = &story->events[i];
        bool its = other->as.operation.space == space && (other->as.operation.va ^ va) >> 12 == 0;
        if (other == event || other->kind != EVENT_OPERATION_END || (!its && other->as.operation.space < 3))
            continue;
        if (other->as.operation.begin_cycle <= event->cycle && other->cycle >= first_cycle)
            return false;
    }
    return true;
}

static bool is_quiet_access(const struct story *story, const struct mmu_event *event)
{
    const struct event_translation *access = &event->as.translation;
    return is_quiet(story, event, access->space, access->va, access->issue_cycle);
}

static bool is_quiet_answer(const struct story *story, const struct mmu_event *event)
{
    const struct event_operation *operation = &event->as.operation;
    return is_quiet(story, event, operation->space, operation->va, operation->begin_cycle);
}

/* A damage changes one event that it can be done to, and says whether it could. */
typedef bool (*damage_function)(struct story *story, struct mmu_event *event);

static bool damage_value(struct story *story, struct mmu_event *event)
{
    event->as.translation.value ^= is_load(event) ? 0x100 : 0;
    return is_load(event);
}

static bool damage_address(struct story *story, struct mmu_event *event)
{
    event->as.translation.pa += is_access(event) ? 0x1000 : 0;
    return is_access(event);
}

static bool damage_space(struct story *story, struct mmu_event *event)
{
    if (!is_access(event))
        return false;
    event->as.translation.space = 3 - event->as.translation.space;
    return true;
}

/* Within the window of a protect the other rights may be right as well. */
static bool damage_rights(struct story *story, struct mmu_event *event)
{
    if (!is_access(event) || !is_quiet_access(story, event))
        return false;
    event->as.translation.rights ^=
        ACCESS_RIGHT(PRIVILEGE_KERNEL, ACCESS_FETCH) | ACCESS_RIGHT(PRIVILEGE_USER, ACCESS_FETCH);
    return true;
}

static bool damage_forbidden(struct story *story, struct mmu_event *event)
{
    struct event_translation *access = &event->as.translation;
    if (!is_access(event) || access->rights & ACCESS_RIGHT(access->privilege, ACCESS_FETCH))
        return false;
    access->access_kind = ACCESS_FETCH;
    return true;
}

static bool damage_fault(struct story *story, struct mmu_event *event)
{
    if (!is_access(event) || !is_quiet_access(story, event))
        return false;
    event->as.translation.fault = FAULT_TRANSLATION;
    event->as.translation.performed_cycle = EVENT_NEVER;
    return true;
}

static bool damage_acknowledgement(struct story *story, struct mmu_event *event)
{
    if (!is_acknowledgement(event))
        return false;
    event->kind = EVENT_REGION;
    return true;
}

static bool damage_view(struct story *story, struct mmu_event *event)
{
    if (!is_view(event))
        return false;
    event->as.view.mapped ^= 1;
    event->as.view.mapping.frame.base ^= 0x1000;
    return true;
}

static bool damage_answer(struct story *story, struct mmu_event *event)
{
    static const enum pagetable_result refusals[OPERATION_KINDS] = {
        PAGETABLE_OVERLAP, PAGETABLE_NOT_MAPPED, PAGETABLE_NOT_MAPPED, PAGETABLE_NOT_MAPPED};
    if (!is_answer(event) || !is_quiet_answer(story, event))
        return false;
    struct event_operation *operation = &event->as.operation;
    operation->result =
        (uint8_t)(operation->result == PAGETABLE_OK ? refusals[operation->kind] : PAGETABLE_OK);
    return true;
}

static bool damage_query(struct story *story, struct mmu_event *event)
{
    event->as.operation.frame.base += is_found(event) ? 0x1000 : 0;
    return is_found(event);
}

static bool damage_entry_end(struct story *story, struct mmu_event *event)
{
    if (!is_entry(event))
        return false;
    uint64_t id = operation_of_invalidation(story, event->as.tlb_entry.invalidation);
    if (!id || operation_of(story, id)->kind != OPERATION_UNMAP)
        return false;
    event->as.tlb_entry.end_cycle = window_end(story, id) + 1;
    event->cycle = event->as.tlb_entry.end_cycle;
    return true;
}

static bool damage_entry_hit(struct story *story, struct mmu_event *event)
{
    if (!is_entry(event))
        return false;
    uint64_t id = operation_of_invalidation(story, event->as.tlb_entry.invalidation);
    if (!id || operation_of(story, id)->kind != OPERATION_UNMAP)
        return false;
    event->as.tlb_entry.last_hit_cycle = window_end(story, id) + 1;
    event->cycle = event->as.tlb_entry.last_hit_cycle;
    return true;
}

static bool damage_walk(struct story *story, struct mmu_event *event)
{
    event->as.walk.leaf.frame.base += is_filling_walk(event) ? 0x1000 : 0;
    return is_filling_walk(event);
}

static const struct {
    damage_function damage;
    const char *name;
    uint64_t rules; /* one of which has to be found; bit: judge_rule */
} damages[] = {
    {damage_value, "value", 1u << RULE_LOAD_VALUE},
    /* Where mappings were forgotten, a frame that was never mapped cannot be told from one that was. */
    {damage_address, "address",
     1u << RULE_WRONG_FRAME | 1u << RULE_NEVER_MAPPED | 1u << RULE_STALE_TRANSLATION},
    {damage_space, "space", 1u << RULE_WRONG_FRAME | 1u << RULE_NEVER_MAPPED | 1u << RULE_STALE_TRANSLATION},
    {damage_rights, "rights",
     1u << RULE_WRONG_FRAME | 1u << RULE_NEVER_MAPPED | 1u << RULE_STALE_TRANSLATION |
         1u << RULE_FORBIDDEN_ACCESS},
    {damage_forbidden, "forbidden", 1u << RULE_FORBIDDEN_ACCESS},
    {damage_fault, "fault", 1u << RULE_SPURIOUS_FAULT},
    {damage_acknowledgement, "acknowledgement", 1u << RULE_INCOMPLETE_INVALIDATION},
    {damage_view, "view", 1u << RULE_VIEW_DIFFERS},
    {damage_answer, "answer", 1u << RULE_OPERATION_RESULT | 1u << RULE_VIEW_DIFFERS},
    {damage_query, "query", 1u << RULE_OPERATION_RESULT},
    {damage_entry_end, "entry end", 1u << RULE_STALE_ENTRY},
    {damage_entry_hit, "entry hit", 1u << RULE_STALE_TRANSLATION},
    {damage_walk, "walk", 1u << RULE_WRONG_FRAME | 1u << RULE_NEVER_MAPPED | 1u << RULE_STALE_TRANSLATION},
};

/* One event at random that can be damaged; false if the history has none. */
static bool damage_one(struct story *story, damage_function damage, uint64_t *random)
{
    size_t start = (size_t)(history_random(random) % story->count);
    for (size_t i = 0; i < story->count; i++)
        if (damage(story, &story->events[(start + i) % story->count]))
            return true;
    return false;
}

static void one_finding(size_t number, uint64_t seed, enum kind kind)
{
    struct story story;
    tell_history(&story, seed, kind);
    uint64_t random = seed + number;
    assert_true(damage_one(&story, damages[number].damage, &random));
    struct judge *judge = story_judge(&story);
    uint64_t found = 0;
    for (unsigned rule = 0; rule < JUDGE_RULES; rule++)
        found |= (uint64_t)(judge_count(judge, (enum judge_rule)rule) != 0) << rule;
    if (!(found & damages[number].rules)) {
        print_message("damage: %s\n", damages[number].name);
        show(judge, seed);
    }
    assert_true((found & damages[number].rules) != 0);
    judge_destroy(judge);
    story_end(&story);
}

static void bad_histories_with_one_damage_give_a_finding(void **state)
{
    for (size_t number = 0; number < sizeof damages / sizeof *damages; number++)
        for (uint64_t i = 0; i < (histories + 3) / 4; i++)
            one_finding(number, first_seed + i, PLAIN);
}

/* (Both guests may map a page to one intermediate address: the other space is no damage then.) */
static void bad_histories_of_guests_with_one_damage_give_a_finding(void **state)
{
    for (size_t number = 0; number < sizeof damages / sizeof *damages; number++)
        for (uint64_t i = 0; damages[number].damage != damage_space && i < (histories + 3) / 4; i++)
            one_finding(number, first_seed + i, GUESTS);
}

static uint64_t from_environment(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);
    return text ? strtoull(text, NULL, 0) : otherwise;
}

int main(void)
{
    first_seed = from_environment("MMUSIM_SEED", 1);
    histories = from_environment("MMUSIM_RUNS", HISTORIES);
    print_message("%" PRIu64 " histories from MMUSIM_SEED=%" PRIu64 "\n", histories, first_seed);
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_histories_give_no_finding),
        cmocka_unit_test(good_histories_of_lazy_operations_give_no_finding),
        cmocka_unit_test(bad_histories_with_one_damage_give_a_finding),
        cmocka_unit_test(good_histories_of_guests_give_no_finding),
        cmocka_unit_test(bad_histories_of_guests_with_one_damage_give_a_finding),
    };
    return cmocka_run_group_tests_name("judge, random", tests, NULL, NULL);
}
