#include "sim/explore/table_protocol.h"

#include <stdlib.h>
#include <string.h>

#include "sim/explore/intern.h"
#include "sim/explore/memo.h"
#include "sim/judge/protocol_rules.h"
#include "sim/protocol/run.h"

/* An event without what the protocol does not read. */
struct small_event {
    uint64_t pa, old_value, new_value;
    struct invalidation what;
    const struct walk_format *format;
    uint32_t targets;
    uint16_t asid, vmid;
    uint8_t kind, core, barrier;
};

/* How a state is reached: an event after another state. */
struct way {
    uint32_t before;
    uint32_t event;
};

struct table_protocol {
    struct protocol_run_config config;
    struct memory_budget *budget;
    struct intern *events; /* struct small_event */
    struct intern *states; /* what the state machine tells of itself */
    struct memo *ways;     /* by state: struct way */
    struct memo *memo;     /* state and event -> state and rule */
};

struct table_protocol *table_protocol_create(unsigned cores, struct memory_budget *budget)
{
    const struct intern_config events = {.budget = budget, .fixed_bytes = sizeof(struct small_event)};
    const struct intern_config states = {.budget = budget};
    struct table_protocol *protocol = calloc(1, sizeof *protocol);
    if (!protocol)
        return NULL;
    protocol->config.cores = cores;
    protocol->budget = budget;
    protocol->events = intern_create(&events);
    protocol->states = intern_create(&states);
    protocol->ways = memo_create(budget);
    protocol->memo = memo_create(budget);
    if (protocol->events && protocol->states && protocol->ways && protocol->memo &&
        intern_add(protocol->states, "", 0) == TABLE_PROTOCOL_BEGIN)
        return protocol;
    table_protocol_destroy(protocol);
    return NULL;
}

void table_protocol_destroy(struct table_protocol *protocol)
{
    if (!protocol)
        return;
    intern_destroy(protocol->events);
    intern_destroy(protocol->states);
    memo_destroy(protocol->ways);
    memo_destroy(protocol->memo);
    free(protocol);
}

/* ---- events --------------------------------------------------------------------------------------- */

static struct small_event event_of(const struct mmu_event *event)
{
    struct small_event small;
    memset(&small, 0, sizeof small);
    small.kind = event->kind;
    small.core = event->core;
    switch (event->kind) {
    case EVENT_SPACE:
        small.pa = event->as.space.root;
        small.format = event->as.space.format;
        small.asid = event->as.space.asid;
        small.vmid = event->as.space.vmid;
        break;
    case EVENT_ENTRY_WRITE:
        small.pa = event->as.entry_write.pa;
        small.old_value = event->as.entry_write.old_value;
        small.new_value = event->as.entry_write.new_value;
        break;
    case EVENT_INVALIDATION: {
        const struct invalidation *what = &event->as.invalidation.what;
        small.what.va = what->va;
        small.what.size_bytes = what->size_bytes;
        small.what.asid = what->asid;
        small.what.vmid = what->vmid;
        small.what.scope = what->scope;
        small.what.broadcast = what->broadcast;
        small.what.last_level_only = what->last_level_only;
        small.targets = event->as.invalidation.targets;
        break;
    }
    default:
        small.barrier = event->as.barrier.kind;
        break;
    }
    return small;
}

static struct mmu_event whole(const struct small_event *small)
{
    struct mmu_event event = {.kind = small->kind, .core = small->core};
    switch (event.kind) {
    case EVENT_SPACE:
        event.as.space = (struct event_space){
            .root = small->pa, .format = small->format, .space = 1, .asid = small->asid, .vmid = small->vmid};
        break;
    case EVENT_ENTRY_WRITE:
        event.as.entry_write = (struct event_entry_write){
            .pa = small->pa, .old_value = small->old_value, .new_value = small->new_value};
        break;
    case EVENT_INVALIDATION:
        event.as.invalidation = (struct event_invalidation){.what = small->what, .targets = small->targets};
        break;
    default:
        event.as.barrier = (struct event_barrier){.kind = small->barrier};
        break;
    }
    return event;
}

/* ---- states --------------------------------------------------------------------------------------- */

/* The events that lead to a state, the first one first. False without memory. */
static bool repeat(const struct table_protocol *protocol, struct protocol_run *run, uint32_t state)
{
    uint32_t length = 0;
    for (uint32_t at = state; at != TABLE_PROTOCOL_BEGIN; length++)
        at = (uint32_t)(memo_get(protocol->ways, memo_key(at, 0)) >> 32);
    uint32_t *events = calloc(length + 1u, sizeof *events);
    if (!events)
        return false;
    for (uint32_t at = state, i = length; at != TABLE_PROTOCOL_BEGIN;) {
        uint64_t way = memo_get(protocol->ways, memo_key(at, 0));
        events[--i] = (uint32_t)way;
        at = (uint32_t)(way >> 32);
    }
    bool right = true;
    for (uint32_t i = 0; right && i < length; i++) {
        struct mmu_event event = whole(intern_bytes(protocol->events, events[i], NULL));
        right = protocol_run_event(run, &event) != PROTOCOL_NO_MEMORY;
    }
    free(events);
    return right;
}

struct told {
    uint64_t *numbers;
    size_t count, room;
    bool failed;
};

static void take_number(void *context, uint64_t number)
{
    struct told *told = context;
    if (told->count == told->room) {
        size_t room = told->room ? 2 * told->room : 64;
        uint64_t *numbers = realloc(told->numbers, room * sizeof *numbers);
        if (!numbers) {
            told->failed = true;
            return;
        }
        told->numbers = numbers;
        told->room = room;
    }
    told->numbers[told->count++] = number;
}

static uint32_t number_of_state(struct table_protocol *protocol, const struct protocol_run *run,
                                struct way way)
{
    struct told told = {0};
    uint32_t known = intern_count(protocol->states), number = TABLE_PROTOCOL_NONE;
    size_t bytes;
    bool right = protocol_run_tell_state(run, take_number, &told) && !told.failed;
    bytes = told.count * sizeof told.numbers[0];
    if (right && bytes <= INTERN_BYTES_MAX)
        number = intern_add(protocol->states, told.numbers ? (const void *)told.numbers : "", bytes);
    free(told.numbers);
    if (number != TABLE_PROTOCOL_NONE && number >= known &&
        !memo_put(protocol->ways, memo_key(number, 0), (uint64_t)way.before << 32 | way.event))
        return TABLE_PROTOCOL_NONE;
    return number;
}

static uint32_t find_after(struct table_protocol *protocol, struct way way, enum judge_rule *rule)
{
    struct protocol_run *run = protocol_run_create(&protocol->config);
    uint32_t after = TABLE_PROTOCOL_NONE;
    if (run && repeat(protocol, run, way.before)) {
        struct mmu_event event = whole(intern_bytes(protocol->events, way.event, NULL));
        int result = protocol_run_event(run, &event);
        if (result == PROTOCOL_VIOLATED)
            *rule = judge_rule_of_protocol(protocol_run_violation(run)->rule);
        if (result != PROTOCOL_NO_MEMORY)
            after = number_of_state(protocol, run, way);
    }
    protocol_run_destroy(run);
    return after;
}

uint32_t table_protocol_after(struct table_protocol *protocol, uint32_t state, const struct mmu_event *event,
                              enum judge_rule *rule)
{
    struct small_event small = event_of(event);
    uint32_t number = intern_add(protocol->events, &small, sizeof small);
    *rule = JUDGE_RULES;
    if (number == INTERN_NONE)
        return TABLE_PROTOCOL_NONE;
    uint64_t known = memo_get(protocol->memo, memo_key(state, number));
    if (known != MEMO_NONE) {
        *rule = (enum judge_rule)(known >> 32);
        return (uint32_t)known;
    }
    uint32_t after = find_after(protocol, (struct way){state, number}, rule);
    if (after != TABLE_PROTOCOL_NONE)
        (void)memo_put(protocol->memo, memo_key(state, number), (uint64_t)*rule << 32 | after);
    return after;
}
