#include "sim/protocol/run.h"

#include <stdlib.h>
#include <string.h>

struct protocol_run {
    struct protocol_run_config config;
    struct protocol *protocol;
    unsigned spaces;
    unsigned guests;
};

bool protocol_applies(const struct walk_format *format)
{
    return format && strncmp(format->name, "vmsa-", 5) == 0 && entry_format_of(format);
}

struct protocol_run *protocol_run_create(const struct protocol_run_config *config)
{
    const struct protocol_config protocol = {.agent_word = "core", .mark_word = "cycle", .first_agent = 1};
    struct protocol_run *run = calloc(1, sizeof *run);
    if (!run)
        return NULL;
    run->config = *config;
    run->protocol = protocol_create(&protocol);
    if (run->protocol)
        return run;
    free(run);
    return NULL;
}

void protocol_run_destroy(struct protocol_run *run)
{
    if (!run)
        return;
    protocol_destroy(run->protocol);
    free(run);
}

const struct protocol_violation *protocol_run_violation(const struct protocol_run *run)
{
    return protocol_violation(run->protocol);
}

bool protocol_run_tell_state(const struct protocol_run *run, protocol_teller tell, void *context)
{
    return protocol_tell_state(run->protocol, tell, context);
}

unsigned protocol_run_spaces(const struct protocol_run *run)
{
    return run->spaces;
}

unsigned protocol_run_guests(const struct protocol_run *run)
{
    return run->guests;
}

uint64_t protocol_run_unjudged(const struct protocol_run *run)
{
    return protocol_unjudged(run->protocol);
}

static int take_space(struct protocol_run *run, const struct mmu_event *event)
{
    const struct event_space *space = &event->as.space;
    struct protocol_entry known;
    if (!protocol_applies(space->format))
        return PROTOCOL_FINE;
    if (space->stage2) {
        run->guests++;
        return PROTOCOL_FINE;
    }
    struct protocol_root root = {.pa = space->root,
                                 .va = walk_format_extend(space->format, 0),
                                 .entries = *entry_format_of(space->format),
                                 .id = space->space,
                                 .asid = space->asid,
                                 .vmid = space->vmid,
                                 .every_asid = space->format->va_form == VA_HIGH,
                                 .regime = space->format->stage2 ? REGIME_STAGE2 : REGIME_EL1};
    run->spaces++;
    if (protocol_find_entry(run->protocol, space->root, &known))
        return PROTOCOL_FINE; /* two spaces with one table: it is judged as the first one's */
    return protocol_add_root(run->protocol, &root, event->core, (struct protocol_mark){.at = event->cycle});
}

/* What a word was before anybody told of it, a store tells: set-up wrote it without time. */
static int learn(struct protocol_run *run, const struct event_entry_write *write)
{
    return protocol_knows(run->protocol, write->pa)
               ? PROTOCOL_FINE
               : protocol_set_word(run->protocol, write->pa, write->old_value);
}

/* Hardware's updates of an entry are no stores of software, and what changes nothing is no change. */
static int take_write(struct protocol_run *run, const struct mmu_event *event)
{
    const struct event_entry_write *write = &event->as.entry_write;
    const struct protocol_mark mark = {.at = event->cycle, .event = write->operation};
    int result = learn(run, write);
    if (result != PROTOCOL_FINE || write->walk || write->old_value == write->new_value)
        return result == PROTOCOL_FINE ? protocol_set_word(run->protocol, write->pa, write->new_value)
                                       : result;
    return protocol_write(run->protocol, event->core, write->pa, write->new_value, mark);
}

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

static int take_invalidation(struct protocol_run *run, const struct mmu_event *event)
{
    const struct event_invalidation *invalidation = &event->as.invalidation;
    const struct protocol_mark mark = {.at = event->cycle, .event = invalidation->operation};
    struct protocol_invalidation what = meaning_of(&invalidation->what);
    what.everywhere = reaches_everybody(run, invalidation);
    protocol_invalidated(run->protocol, event->core, &what, mark);
    return PROTOCOL_FINE;
}

int protocol_run_event(struct protocol_run *run, const struct mmu_event *event)
{
    const struct protocol_mark mark = {.at = event->cycle, .event = event->as.barrier.operation};
    if (event->kind == EVENT_SPACE)
        return take_space(run, event);
    if (run->spaces == 0 || event->core >= PROTOCOL_AGENTS)
        return PROTOCOL_FINE;
    switch (event->kind) {
    case EVENT_ENTRY_WRITE:
        return take_write(run, event);
    case EVENT_INVALIDATION:
        return take_invalidation(run, event);
    case EVENT_BARRIER:
        return protocol_barrier_ended(run->protocol, event->core, (enum barrier_kind)event->as.barrier.kind,
                                      mark);
    default:
        return PROTOCOL_FINE;
    }
}
