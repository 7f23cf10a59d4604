#include "sim/judge/test/story.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "mmu/config.h"

static uint8_t rights_of(uint32_t attributes)
{
    unsigned rights = 0;
    for (unsigned privilege = 0; privilege < PRIVILEGES; privilege++) {
        if (privilege == PRIVILEGE_USER && !(attributes & FRAME_USER))
            continue;
        rights |= attributes & FRAME_READABLE ? ACCESS_RIGHT(privilege, ACCESS_LOAD) : 0;
        rights |= attributes & FRAME_WRITABLE && !(attributes & FRAME_CLEAN)
                      ? ACCESS_RIGHT(privilege, ACCESS_STORE)
                      : 0;
        rights |= attributes & FRAME_EXECUTABLE ? ACCESS_RIGHT(privilege, ACCESS_FETCH) : 0;
    }
    return (uint8_t)rights;
}

const struct walk_format story_format = {.name = "story",
                                         .levels = 4,
                                         .va_bits = 48,
                                         .page_lg2 = 12,
                                         .frame_sizes = 3,
                                         .frame_size_lg2 = {12, 21, 30},
                                         .rights = rights_of};

struct mmu_event *story_event(struct story *story, enum event_kind kind, uint64_t cycle, unsigned core)
{
    if (story->count == story->capacity) {
        story->capacity = story->capacity ? story->capacity * 2 : 64;
        story->events = realloc(story->events, story->capacity * sizeof *story->events);
        assert_non_null(story->events);
    }
    struct mmu_event *event = &story->events[story->count];
    memset(event, 0, sizeof *event);
    event->cycle = cycle;
    event->kind = (uint8_t)kind;
    event->core = (uint8_t)core;
    event->sequence = (uint32_t)story->count++;
    return event;
}

void story_space(struct story *story, uint32_t space, bool aliasing_allowed)
{
    struct event_space *told = &story_event(story, EVENT_SPACE, 0, 0)->as.space;
    told->format = &story_format;
    told->space = space;
    told->asid = (uint16_t)space;
    told->aliasing_allowed = aliasing_allowed;
}

void story_begin(struct story *story)
{
    memset(story, 0, sizeof *story);
    story->config.memory_bytes = UINT64_C(1) << 32;
    story->config.values = true;
    story->config.every_access = true;
    story_space(story, 1, false);
    story_space(story, 2, false);
}

void story_end(struct story *story)
{
    free(story->events);
    memset(story, 0, sizeof *story);
}

static void invalidate(struct story *story, const struct act *act)
{
    uint64_t id = act->id << EVENT_CORE_BITS | act->core;
    uint64_t known = act->completed ? act->completed : act->acknowledge + 3;
    struct event_invalidation *issued =
        &story_event(story, EVENT_INVALIDATION, act->invalidate, act->core)->as.invalidation;
    issued->id = id;
    issued->operation = act->id;
    issued->targets = 2;
    issued->what.va = act->va;
    issued->what.broadcast = true;
    if (!act->acknowledge)
        return;
    for (unsigned target = 0; target < 2; target++) {
        struct event_acknowledgement *told =
            &story_event(story, EVENT_ACKNOWLEDGEMENT, known, act->core)->as.acknowledgement;
        told->invalidation = id;
        told->arrive_cycle = act->invalidate + 3;
        told->drop_cycle = act->invalidate + 5;
        told->acknowledge_cycle = act->acknowledge;
        told->target = (uint8_t)target;
    }
    struct event_completion *completion =
        &story_event(story, EVENT_COMPLETION, known, act->core)->as.completion;
    completion->invalidation = id;
    completion->issue_cycle = act->invalidate;
}

static void operation_event(struct story *story, const struct act *act, bool end)
{
    struct event_operation *operation = &story_event(story, end ? EVENT_OPERATION_END : EVENT_OPERATION_BEGIN,
                                                     end ? act->end : act->begin, act->core)
                                             ->as.operation;
    operation->id = act->id;
    operation->va = act->va;
    operation->frame = act->frame;
    operation->begin_cycle = act->begin;
    operation->space = act->space ? act->space : 1;
    operation->kind = (uint8_t)act->kind;
    operation->result = (uint8_t)(end ? act->result : PAGETABLE_OK);
}

void story_act(struct story *story, const struct act *act)
{
    operation_event(story, act, false);
    if (act->write) {
        struct event_entry_write *write =
            &story_event(story, EVENT_ENTRY_WRITE, act->visible, act->core)->as.entry_write;
        write->operation = act->id;
        write->pa = UINT64_C(0x7000000) + act->id * 8;
        write->new_value = act->id;
        write->issue_cycle = act->write;
        write->visible_cycle = act->visible;
    }
    if (act->invalidate)
        invalidate(story, act);
    if (act->end)
        operation_event(story, act, true);
}

void story_map_page(struct story *story, uint64_t id, uint32_t attributes)
{
    struct act act = {.id = id,
                      .kind = OPERATION_MAP,
                      .va = PAGE,
                      .frame = {FRAME, attributes, 12},
                      .begin = 100,
                      .write = 110,
                      .visible = 120,
                      .end = 130};
    story_act(story, &act);
}

void story_unmap_page(struct story *story, uint64_t id)
{
    struct act act = {.id = id,
                      .kind = OPERATION_UNMAP,
                      .va = PAGE,
                      .begin = 200,
                      .write = 210,
                      .visible = 220,
                      .invalidate = 225,
                      .acknowledge = 240,
                      .end = 250};
    story_act(story, &act);
}

static struct event_translation *access_at(struct story *story, uint64_t va, uint64_t issue, uint64_t done)
{
    struct event_translation *access = &story_event(story, EVENT_TRANSLATION, done, 1)->as.translation;
    access->va = va;
    access->issue_cycle = issue;
    access->translated_cycle = issue;
    access->access = (uint32_t)story->count;
    access->space = 1;
    access->asid = 1;
    access->size_bytes = 8;
    access->access_kind = ACCESS_LOAD;
    access->privilege = PRIVILEGE_USER;
    return access;
}

struct event_translation *story_load(struct story *story, uint64_t va, uint64_t pa, uint64_t issue,
                                     uint64_t done)
{
    struct event_translation *access = access_at(story, va, issue, done);
    access->pa = pa;
    access->performed_cycle = done - 1 < issue ? issue : done - 1;
    access->page_size_lg2 = 12;
    access->rights = rights_of(RW);
    return access;
}

struct event_translation *story_fault(struct story *story, uint64_t va, enum fault_kind fault, uint64_t issue,
                                      uint64_t done)
{
    struct event_translation *access = access_at(story, va, issue, done);
    access->translated_cycle = done;
    access->performed_cycle = EVENT_NEVER;
    access->fault = (uint8_t)fault;
    access->fault_level = 3;
    return access;
}

struct event_tlb_entry *story_entry(struct story *story, uint64_t fill, uint64_t end)
{
    struct event_tlb_entry *entry = &story_event(story, EVENT_TLB_ENTRY, end, 1)->as.tlb_entry;
    entry->id = (uint64_t)story->count << EVENT_CORE_BITS | 1;
    entry->va = PAGE;
    entry->frame = (struct frame){FRAME, RW, 12};
    entry->fill_cycle = fill;
    entry->first_hit_cycle = fill + 1;
    entry->last_hit_cycle = fill + 1;
    entry->last_done_cycle = fill + 2;
    entry->hits = 1;
    entry->end_cycle = end;
    entry->space = 1;
    entry->asid = 1;
    entry->rights = rights_of(RW);
    entry->tlb = TLB_L1D;
    return entry;
}

struct event_walk *story_walk(struct story *story, uint64_t start, uint64_t end)
{
    struct event_walk *walk = &story_event(story, EVENT_WALK, end, 1)->as.walk;
    walk->id = (uint64_t)story->count << EVENT_CORE_BITS | 1;
    walk->va = PAGE;
    walk->request_cycle = start;
    walk->start_cycle = start;
    walk->leaf = (struct walk_leaf){.va = PAGE,
                                    .frame = {FRAME, RW, 12},
                                    .rights = rights_of(RW),
                                    .rights_when_dirty = rights_of(RW),
                                    .level = 3};
    walk->space = 1;
    walk->asid = 1;
    walk->steps = 4;
    walk->filled = 1;
    return walk;
}

struct event_view *story_view(struct story *story, uint64_t operation, uint64_t cycle, uint64_t mappings)
{
    struct event_view *view = &story_event(story, EVENT_VIEW, cycle, 0)->as.view;
    view->operation = operation;
    view->va = PAGE;
    view->mappings = mappings;
    view->space = 1;
    return view;
}

static int compare_events(const void *one, const void *other)
{
    const struct mmu_event *a = one;
    const struct mmu_event *b = other;
    if (a->cycle != b->cycle)
        return a->cycle < b->cycle ? -1 : 1;
    if (a->core != b->core)
        return a->core < b->core ? -1 : 1;
    return a->sequence < b->sequence ? -1 : 1;
}

struct judge *story_judge(struct story *story)
{
    struct judge *judge = judge_create(&story->config);
    assert_non_null(judge);
    struct mmu_observer observer = judge_observer(judge);
    qsort(story->events, story->count, sizeof *story->events, compare_events);
    for (size_t i = 0; i < story->count; i++)
        assert_int_equal(observer.event(observer.context, &story->events[i]), 0);
    assert_int_equal(judge_finish(judge), 0);
    return judge;
}

static void show(const struct judge *judge)
{
    const struct judge_finding *finding;
    for (size_t i = 0; (finding = judge_finding_at(judge, i)); i++)
        print_message("%s: %s\n", judge_rule_name((enum judge_rule)finding->rule), finding->text);
}

void story_expect(struct story *story, enum judge_rule rule, uint64_t count)
{
    struct judge *judge = story_judge(story);
    if (judge_count(judge, rule) != count || judge_count_all(judge) != count)
        show(judge);
    assert_int_equal(judge_count(judge, rule), count);
    assert_int_equal(judge_count_all(judge), count);
    judge_destroy(judge);
    story_end(story);
}

void story_expect_good(struct story *story)
{
    story_expect(story, RULE_STALE_TRANSLATION, 0);
}
