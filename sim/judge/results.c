/* Results: what an operation may answer. */
#include <inttypes.h>
#include <stdio.h>

#include "sim/judge/internal.h"

static bool has_size(const struct space *space, unsigned size_lg2)
{
    return size_lg2 < 64 && space->sizes >> size_lg2 & 1;
}

static bool unaligned(uint64_t address, unsigned size_lg2)
{
    return size_lg2 < 64 && (address & ((UINT64_C(1) << size_lg2) - 1)) != 0;
}

static bool beyond(const struct space *space, uint64_t address, unsigned size_lg2)
{
    return size_lg2 >= 64 || !walk_format_reaches(space->format, address, UINT64_C(1) << size_lg2);
}

/* The frames of a guest are intermediate addresses: memory says nothing of them. */
static bool frame_beyond(const struct judge *judge, const struct space *space, const struct frame *frame)
{
    uint64_t memory_bytes = judge->config.memory_bytes;
    if (!memory_bytes || space->stage2)
        return false;
    return frame->size_lg2 >= 64 || frame_size_bytes(frame) > memory_bytes ||
           frame->base > memory_bytes - frame_size_bytes(frame);
}

const char *judge_refusal(const struct judge *judge, const struct space *space,
                          const struct event_operation *call)
{
    if (call->kind != OPERATION_MAP)
        return beyond(space, call->va, 0) ? "the address is beyond the format's reach" : NULL;
    if (!has_size(space, call->frame.size_lg2))
        return "the format has no frame of this size";
    if (unaligned(call->va, call->frame.size_lg2))
        return "the address is not aligned to the frame's size";
    if (unaligned(call->frame.base, call->frame.size_lg2))
        return "the frame's base is not aligned to its size";
    if (beyond(space, call->va, call->frame.size_lg2))
        return "the page is beyond the format's reach";
    if (frame_beyond(judge, space, &call->frame))
        return "the frame is beyond physical memory";
    return NULL;
}

/* Whether the operation may have come while the version was there. */
static bool possible(const struct version *version, const struct answer_order *order)
{
    const struct version_order *of = version_order(version);
    return of->made_call < order->return_event && of->ended_return > order->call_event;
}

/* Whether the version was there throughout the operation. */
static bool certain(const struct version *version, const struct answer_order *order)
{
    const struct version_order *of = version_order(version);
    return of->made_return < order->call_event && of->ended_call > order->return_event;
}

bool judge_same_mapping(const struct mapping *one, const struct mapping *other)
{
    return one->va == other->va && one->frame.base == other->frame.base &&
           one->frame.size_lg2 == other->frame.size_lg2 &&
           ((one->frame.attributes ^ other->frame.attributes) & FRAME_ATTRIBUTES_ALL) == 0;
}

static const char *found_wrongly(struct judge *judge, const struct space *space,
                                 const struct event_operation *call, const struct answer_order *order)
{
    struct mapping found = {call->found_va, call->frame};
    struct version_cursor cursor =
        version_cursor_make(&judge->index, space->number, call->va, space->sizes_used);
    const struct version *version;
    while ((version = version_next(&cursor)))
        if (possible(version, order) && judge_same_mapping(&version->mapping, &found))
            return NULL;
    return "the abstract map has no such mapping there";
}

static const char *missed(struct judge *judge, const struct space *space, const struct event_operation *call,
                          const struct answer_order *order)
{
    if (call->kind == OPERATION_MAP)
        return "a map has no such answer";
    struct version_cursor cursor =
        version_cursor_make(&judge->index, space->number, call->va, space->sizes_used);
    const struct version *version;
    while ((version = version_next(&cursor)))
        if (certain(version, order) && (call->kind == OPERATION_QUERY || version->mapping.va == call->va))
            return "the abstract map has a mapping there";
    return NULL;
}

static struct region_key range_of(const struct event_operation *map, bool physical)
{
    uint64_t address = physical ? map->frame.base : map->va;
    return (struct region_key){.number = address >> map->frame.size_lg2,
                               .space = map->space,
                               .size_lg2 = map->frame.size_lg2,
                               .physical = physical};
}

bool judge_says_overlap(const struct mmu_event *event)
{
    const struct event_operation *call = &event->as.operation;
    return event->kind == EVENT_OPERATION_END && call->kind == OPERATION_MAP &&
           (call->result == PAGETABLE_OVERLAP || call->result == PAGETABLE_FRAME_IN_USE);
}

static bool in_its_way(const struct version *version, const struct event_operation *map)
{
    bool physical = map->result == PAGETABLE_FRAME_IN_USE;
    uint64_t wanted = physical ? map->frame.base : map->va;
    uint64_t there = physical ? version->mapping.frame.base : version->mapping.va;
    unsigned larger_lg2 = version->mapping.frame.size_lg2;
    if (map->frame.size_lg2 > larger_lg2)
        larger_lg2 = map->frame.size_lg2;
    return version->space == map->space && larger_lg2 < 64 && wanted >> larger_lg2 == there >> larger_lg2;
}

void judge_excuse_overlaps(struct judge *judge, const struct version *made)
{
    struct event_queue *queue = &judge->held;
    for (size_t i = 0; judge->held_overlaps > 0 && i < queue->count; i++) {
        struct undecided *held = &queue->events[(queue->head + i) & (queue->capacity - 1)];
        if (judge_says_overlap(&held->event) && in_its_way(made, &held->event.as.operation) &&
            possible(made, &held->order))
            held->order.excused = true;
    }
}

/*
 * Regions tell what overlaps a range, but not since when. So they are asked once, when the map has returned;
 * what was made by operations that were under way then excuses it when these settle.
 */
static bool overlaps(const struct judge *judge, const struct space *space, const struct event_operation *call,
                     const struct answer_order *order, bool final)
{
    struct region_key key = range_of(call, call->result == PAGETABLE_FRAME_IN_USE);
    return final ? order->excused : region_overlaps(&judge->index, &key, space->sizes, order->call_event);
}

static const char *overlap_wrongly(const struct judge *judge, const struct space *space,
                                   const struct event_operation *call, const struct answer_order *order,
                                   bool final)
{
    bool physical = call->result == PAGETABLE_FRAME_IN_USE;
    if (call->kind != OPERATION_MAP)
        return "only a map has this answer";
    if (physical && space->aliasing_allowed)
        return "this space allows aliasing";
    if (!has_size(space, call->frame.size_lg2))
        return "the format has no frame of this size";
    if (overlaps(judge, space, call, order, final))
        return NULL;
    return physical ? "no mapped frame overlaps this one" : "nothing is mapped in this range";
}

static const char *unaligned_wrongly(struct judge *judge, const struct space *space,
                                     const struct event_operation *call, const struct answer_order *order)
{
    if (call->kind == OPERATION_MAP)
        return unaligned(call->va, call->frame.size_lg2) || unaligned(call->frame.base, call->frame.size_lg2)
                   ? NULL
                   : "the address and the frame are aligned";
    if (call->kind == OPERATION_QUERY)
        return call->va % 8 ? NULL : "a query needs no more than a word's alignment";
    if (unaligned(call->va, space->format->page_lg2))
        return NULL;
    struct version_cursor cursor =
        version_cursor_make(&judge->index, space->number, call->va, space->sizes_used);
    const struct version *version;
    while ((version = version_next(&cursor)))
        if (possible(version, order) && version->mapping.va != call->va)
            return NULL;
    return "the address is aligned to the frame that is mapped there";
}

static const char *out_of_range_wrongly(const struct judge *judge, const struct space *space,
                                        const struct event_operation *call)
{
    bool map = call->kind == OPERATION_MAP;
    if (beyond(space, call->va, map ? call->frame.size_lg2 : 0))
        return NULL;
    if (map && (frame_beyond(judge, space, &call->frame) || !judge->config.memory_bytes || space->stage2))
        return NULL;
    return "the address and the frame are in range";
}

/* Why this answer is wrong; NULL if it is right. */
static const char *wrong_answer(struct judge *judge, const struct space *space,
                                const struct event_operation *call, const struct answer_order *order,
                                bool final)
{
    switch ((enum pagetable_result)call->result) {
    case PAGETABLE_OK:
        return found_wrongly(judge, space, call, order);
    case PAGETABLE_NOT_MAPPED:
        return missed(judge, space, call, order);
    case PAGETABLE_OVERLAP:
    case PAGETABLE_FRAME_IN_USE:
        return overlap_wrongly(judge, space, call, order, final);
    case PAGETABLE_UNALIGNED:
        return unaligned_wrongly(judge, space, call, order);
    case PAGETABLE_OUT_OF_RANGE:
        return out_of_range_wrongly(judge, space, call);
    case PAGETABLE_BAD_SIZE:
        return call->kind == OPERATION_MAP && !has_size(space, call->frame.size_lg2)
                   ? NULL
                   : "the format has frames of this size";
    case PAGETABLE_NO_MEMORY:
        return call->kind == OPERATION_QUERY ? "a query needs no memory" : NULL;
    case PAGETABLE_UNSUPPORTED:
        return call->kind == OPERATION_MAP || call->kind == OPERATION_PROTECT
                   ? NULL
                   : "the operation is given no attributes";
    case PAGETABLE_ENVIRONMENT:
        return NULL;
    case PAGETABLE_CORRUPT:
        return "only its own operations wrote this table";
    case PAGETABLE_RESULTS:
        break;
    }
    return "there is no such answer";
}

bool judge_answer(struct judge *judge, const struct mmu_event *event, const struct answer_order *order,
                  bool final)
{
    const struct event_operation *call = &event->as.operation;
    const struct space *space = judge_space(judge, call->space);
    const char *why = space ? wrong_answer(judge, space, call, order, final) : NULL;
    if (!why || !final)
        return why != NULL;
    struct judge_finding finding = {.rule = RULE_OPERATION_RESULT,
                                    .cycle = event->cycle,
                                    .core = event->core,
                                    .space = call->space,
                                    .va = call->va,
                                    .operation = call->id};
    if (call->result == PAGETABLE_OK)
        judge_report(judge, &finding,
                     "operation %" PRIu64 " (query of 0x%" PRIx64 " in space %u) found page 0x%" PRIx64
                     " with frame 0x%" PRIx64 " in cycle %" PRIu64 ", but %s",
                     call->id, call->va, call->space, call->found_va, call->frame.base, event->cycle, why);
    else
        judge_report(judge, &finding,
                     "operation %" PRIu64 " (%s of 0x%" PRIx64
                     " in space %u) answered \"%s\" in cycle %" PRIu64 ", but %s",
                     call->id, judge_operation_name(call->kind), call->va, call->space,
                     pagetable_result_name((enum pagetable_result)call->result), event->cycle, why);
    return true;
}
