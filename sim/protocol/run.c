#include "sim/protocol/run.h"

#include <stdlib.h>
#include <string.h>

#include "pagetables/pagetable.h"
#include "sim/protocol/frames.h"

/* Addresses that tables know each other by, and the state machine of those tables. */
struct memory {
    struct protocol *protocol;
    uint32_t stage2; /* intermediate addresses of this space's virtual machine; 0: physical ones */
};

struct protocol_run {
    struct protocol_run_config config;
    struct memory *memories; /* the first is physical memory */
    size_t memory_count;
    struct guest_frames frames;
    unsigned spaces;
    struct protocol_violation first; /* of the last event that violated a rule */
    bool told;                       /* this event has */
    uint64_t crowded;                /* addresses of words that have too many */
};

bool protocol_applies(const struct walk_format *format)
{
    return format && strncmp(format->name, "vmsa-", 5) == 0 && entry_format_of(format);
}

static struct memory *find_memory(const struct protocol_run *run, uint32_t stage2)
{
    for (size_t i = 0; i < run->memory_count; i++)
        if (run->memories[i].stage2 == stage2)
            return &run->memories[i];
    return NULL;
}

static void hear(void *context, const struct protocol_violation *violation)
{
    struct protocol_run *run = context;
    const struct protocol_listener *listener = &run->config.listener;
    if (!run->told)
        run->first = *violation;
    run->told = true;
    if (listener->found)
        listener->found(listener->context, violation);
}

static int add_memory(struct protocol_run *run, uint32_t stage2)
{
    const struct protocol_config config = {
        .agent_word = "core", .mark_word = "cycle", .first_agent = 1, .listener = {hear, run}};
    if (find_memory(run, stage2))
        return PROTOCOL_FINE;
    struct memory *grown = realloc(run->memories, (run->memory_count + 1) * sizeof *grown);
    if (!grown)
        return PROTOCOL_NO_MEMORY;
    run->memories = grown;
    grown[run->memory_count] = (struct memory){.protocol = protocol_create(&config), .stage2 = stage2};
    if (!grown[run->memory_count].protocol)
        return PROTOCOL_NO_MEMORY;
    run->memory_count++;
    return PROTOCOL_FINE;
}

struct protocol_run *protocol_run_create(const struct protocol_run_config *config)
{
    struct protocol_run *run = calloc(1, sizeof *run);
    if (!run)
        return NULL;
    run->config = *config;
    if (add_memory(run, 0) == PROTOCOL_FINE)
        return run;
    protocol_run_destroy(run);
    return NULL;
}

void protocol_run_destroy(struct protocol_run *run)
{
    if (!run)
        return;
    for (size_t i = 0; i < run->memory_count; i++)
        protocol_destroy(run->memories[i].protocol);
    free(run->memories);
    frames_free(&run->frames);
    free(run);
}

bool protocol_run_tell_state(const struct protocol_run *run, protocol_teller tell, void *context)
{
    for (size_t i = 0; i < run->memory_count; i++)
        if (!protocol_tell_state(run->memories[i].protocol, tell, context))
            return false;
    return true;
}

const struct protocol_violation *protocol_run_violation(const struct protocol_run *run)
{
    return &run->first;
}

unsigned protocol_run_spaces(const struct protocol_run *run)
{
    return run->spaces;
}

uint64_t protocol_run_unjudged(const struct protocol_run *run)
{
    uint64_t unjudged = run->crowded;
    for (size_t i = 0; i < run->memory_count; i++)
        unjudged += protocol_unjudged(run->memories[i].protocol);
    return unjudged;
}

/* ---- Spaces -------------------------------------------------------------------------------------- */

static int take_space(struct protocol_run *run, const struct mmu_event *event)
{
    const struct event_space *space = &event->as.space;
    if (space->format && space->format->stage2 && add_memory(run, space->space) != PROTOCOL_FINE)
        return PROTOCOL_NO_MEMORY;
    const struct memory *memory = find_memory(run, space->stage2);
    if (!memory || !protocol_applies(space->format))
        return PROTOCOL_FINE;
    struct protocol_root root = {.pa = space->root,
                                 .va = walk_format_extend(space->format, 0),
                                 .entries = *entry_format_of(space->format),
                                 .id = space->space,
                                 .asid = space->asid,
                                 .vmid = space->vmid,
                                 .every_asid = space->format->va_form == VA_HIGH,
                                 .regime = space->format->stage2 ? REGIME_STAGE2 : REGIME_EL1};
    run->spaces++;
    if (protocol_has_root(memory->protocol, space->root))
        return PROTOCOL_FINE; /* two spaces with one table: it is judged as the first one's */
    return protocol_add_root(memory->protocol, &root, event->core,
                             (struct protocol_mark){.at = event->cycle});
}

/* ---- Where intermediate addresses lie ------------------------------------------------------------ */

/* From its call on a map may be seen; an unmap until its return. */
static int take_call(struct protocol_run *run, const struct event_operation *operation)
{
    const struct guest_frame frame = {.ipa = operation->va,
                                      .pa = operation->frame.base,
                                      .operation = operation->id,
                                      .space = operation->space,
                                      .size_lg2 = operation->frame.size_lg2};
    if (operation->kind != OPERATION_MAP || !find_memory(run, operation->space) || frame.size_lg2 > 63)
        return PROTOCOL_FINE;
    return frames_add(&run->frames, &frame) ? PROTOCOL_FINE : PROTOCOL_NO_MEMORY;
}

static void take_return(struct protocol_run *run, const struct event_operation *operation)
{
    bool done = operation->result == PAGETABLE_OK;
    if (operation->kind == OPERATION_MAP && !done)
        frames_remove(&run->frames, operation->space, operation->va, operation->id, operation->id);
    else if (operation->kind == OPERATION_UNMAP && done)
        frames_remove(&run->frames, operation->space, operation->va, 0, operation->id);
}

/* ---- Stores -------------------------------------------------------------------------------------- */

#define PLACES_MAX 16u /* addresses of one word in one memory */

struct places {
    uint32_t space[PLACES_MAX]; /* the memory */
    uint64_t address[PLACES_MAX];
    size_t count;
};

static void add_place(struct protocol_run *run, struct places *places, uint32_t space, uint64_t address)
{
    for (size_t i = 0; i < places->count; i++)
        if (places->space[i] == space && places->address[i] == address)
            return;
    run->crowded += places->count == PLACES_MAX;
    if (places->count == PLACES_MAX)
        return;
    places->space[places->count] = space;
    places->address[places->count++] = address;
}

static void find_places(struct protocol_run *run, uint64_t pa, struct places *places)
{
    struct frames_search search = frames_search(&run->frames, pa);
    const struct guest_frame *frame;
    places->count = 0;
    while ((frame = frames_next(&run->frames, &search)))
        add_place(run, places, frame->space, frame->ipa + (pa - frame->pa));
}

/* What a word was, a store tells: set-up wrote it without time, or it was not software's. */
static int learn(struct protocol *protocol, const struct protocol_store *store, uint64_t value)
{
    int result = PROTOCOL_FINE;
    for (size_t i = 0; i < store->count && result == PROTOCOL_FINE; i++)
        if (!protocol_knows(protocol, store->places[i]) || protocol_read(protocol, store->places[i]) != value)
            result = protocol_set_word(protocol, store->places[i], value);
    return result;
}

/* Hardware's updates of an entry are no stores of software, and what changes nothing is no change. */
static int store_to(struct protocol *protocol, const struct mmu_event *event, const uint64_t *places,
                    size_t count)
{
    const struct event_entry_write *write = &event->as.entry_write;
    const struct protocol_store store = {.places = places,
                                         .count = count,
                                         .old_value = write->old_value,
                                         .new_value = write->new_value,
                                         .agent = event->core,
                                         .mark = {.at = event->cycle, .event = write->operation}};
    int result = learn(protocol, &store, write->old_value);
    if (result != PROTOCOL_FINE || write->walk || write->old_value == write->new_value)
        return result == PROTOCOL_FINE ? learn(protocol, &store, write->new_value) : result;
    return protocol_stored(protocol, &store);
}

/* Of the places those of the memory that the first is of; they leave the list. */
static int store_to_guest(struct protocol_run *run, const struct mmu_event *event, struct places *places)
{
    const struct memory *memory = find_memory(run, places->space[0]);
    uint64_t addresses[PLACES_MAX];
    uint32_t space = places->space[0];
    size_t count = 0, left = 0;
    for (size_t i = 0; i < places->count; i++)
        if (places->space[i] == space) {
            addresses[count++] = places->address[i];
        } else {
            places->space[left] = places->space[i];
            places->address[left++] = places->address[i];
        }
    places->count = left;
    return memory ? store_to(memory->protocol, event, addresses, count) : PROTOCOL_FINE;
}

static int take_write(struct protocol_run *run, const struct mmu_event *event)
{
    uint64_t pa = event->as.entry_write.pa;
    struct places places;
    int result = store_to(run->memories[0].protocol, event, &pa, 1);
    find_places(run, pa, &places);
    while (result != PROTOCOL_NO_MEMORY && places.count > 0) {
        int now = store_to_guest(run, event, &places);
        result = now == PROTOCOL_FINE ? result : now;
    }
    return result;
}

/* ---- Invalidations ------------------------------------------------------------------------------- */

/* By interrupts each core invalidates for itself; whether all that must were told, the judge sees. */
static bool reaches_everybody(const struct protocol_run *run, const struct event_invalidation *invalidation)
{
    return invalidation->what.broadcast || invalidation->list || run->config.by_interrupt ||
           run->config.cores == 1;
}

static struct protocol_invalidation meaning_of(const struct invalidation *what)
{
    struct protocol_invalidation means = {.asid = what->asid,
                                          .vmid = what->vmid,
                                          .stage1 = true,
                                          .any_asid = true,
                                          .global = true,
                                          .leaves_only = what->last_level_only,
                                          .level_hint = PROTOCOL_ANY_LEVEL};
    means.by_address = what->scope == INVALIDATE_VA || what->scope == INVALIDATE_VA_ALL_ASIDS ||
                       what->scope == INVALIDATE_IPA;
    means.first = what->va;
    means.last = what->va + (what->size_bytes ? what->size_bytes - 1 : 0);
    switch (what->scope) {
    case INVALIDATE_VA:
        means.any_asid = false;
        break;
    case INVALIDATE_ASID:
        means.any_asid = means.global = false;
        break;
    case INVALIDATE_IPA:
        means.stage1 = false;
        means.stage2 = true;
        break;
    case INVALIDATE_VMID:
        means.stage2 = true;
        break;
    default:
        break;
    }
    return means;
}

static void take_invalidation(struct protocol_run *run, const struct mmu_event *event)
{
    const struct event_invalidation *invalidation = &event->as.invalidation;
    const struct protocol_mark mark = {.at = event->cycle, .event = invalidation->operation};
    struct protocol_invalidation what = meaning_of(&invalidation->what);
    what.everywhere = reaches_everybody(run, invalidation);
    for (size_t i = 0; i < run->memory_count; i++)
        protocol_invalidated(run->memories[i].protocol, event->core, &what, mark);
}

static int take_barrier(struct protocol_run *run, const struct mmu_event *event)
{
    const struct event_barrier *barrier = &event->as.barrier;
    const struct protocol_mark mark = {.at = event->cycle, .event = barrier->operation};
    int result = PROTOCOL_FINE;
    for (size_t i = 0; i < run->memory_count && result != PROTOCOL_NO_MEMORY; i++) {
        int now = protocol_barrier_ended(run->memories[i].protocol, event->core,
                                         (enum barrier_kind)barrier->kind, mark);
        result = now == PROTOCOL_FINE ? result : now;
    }
    return result;
}

int protocol_run_event(struct protocol_run *run, const struct mmu_event *event)
{
    run->told = false;
    if (event->kind == EVENT_SPACE)
        return take_space(run, event);
    if ((run->spaces == 0 && run->memory_count == 1) || event->core >= PROTOCOL_AGENTS)
        return PROTOCOL_FINE;
    switch (event->kind) {
    case EVENT_ENTRY_WRITE:
        return take_write(run, event);
    case EVENT_OPERATION_BEGIN:
        return take_call(run, &event->as.operation);
    case EVENT_OPERATION_END:
        take_return(run, &event->as.operation);
        return PROTOCOL_FINE;
    case EVENT_INVALIDATION:
        take_invalidation(run, event);
        return PROTOCOL_FINE;
    case EVENT_BARRIER:
        return take_barrier(run, event);
    default:
        return PROTOCOL_FINE;
    }
}
