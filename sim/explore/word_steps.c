/* What programs and page-table code both do: words of memory, barriers, invalidations. */
#include "sim/explore/stepper.h"

/* Whoever was about to see the old map may now see either: a fault is no finding any more. */
static void open_window(struct stepper *stepper)
{
    struct exploration *exploration = stepper->exploration;
    rules_window_opens(exploration->rules, &stepper->explored->rules, stepper->core);
    for (unsigned core = 0; core < exploration->config.machine.cores; core++)
        for (unsigned i = 0; i < SMALL_ACCESSES; i++) {
            struct small_access *access = &stepper->state->cores[core].accesses[i];
            if (access->state != ACCESS_NONE && access->tag &&
                rules_touches(exploration->rules, &stepper->explored->rules, stepper->core,
                              small_va_of(stepper->machine, access->address)))
                access->tag = 0;
        }
}

bool step_is_beyond_memory(const struct stepper *stepper, uint64_t pa)
{
    return pa % 8 != 0 || pa > stepper->exploration->config.machine.memory_bytes - 8;
}

/* A word changes at once, for everybody. */
enum went step_changes_word(struct stepper *stepper, uint64_t pa, uint64_t value)
{
    uint64_t before = small_value_of(stepper->machine, small_memory_at(stepper->machine, stepper->state, pa));
    uint32_t finding =
        protocol_sees_write(stepper->exploration, stepper->explored, stepper->core, pa, before, value);
    if (stepper->finding == 0)
        stepper->finding = finding;
    return small_poke(stepper->machine, stepper->state, pa, value) ? WENT : FAILED;
}

enum went step_writes_word(struct stepper *stepper, uint64_t pa, uint64_t value)
{
    uint8_t held = small_core_reads(stepper->machine, stepper->state, stepper->core, pa);
    const struct small_new_store store = {
        .pa = pa, .value = value, .tag = rules_tag(&stepper->explored->rules, stepper->core)};
    if (stepper->untimed)
        return step_changes_word(stepper, pa, value);
    if (!small_has_room(stepper->machine, stepper->state, stepper->core))
        return WAITS;
    if (small_value_of(stepper->machine, held) != value)
        open_window(stepper);
    if (stepper->exploration->config.machine.store_buffer == 0)
        return step_changes_word(stepper, pa, value);
    return small_put_store(stepper->machine, stepper->state, stepper->core, &store) ? WENT : FAILED;
}

enum went step_exchanges_word(struct stepper *stepper, uint64_t pa, uint64_t expected, uint64_t desired,
                              uint64_t *observed)
{
    if (core_of(stepper)->store_count > 0)
        return WAITS;
    *observed = small_value_of(stepper->machine, small_memory_at(stepper->machine, stepper->state, pa));
    if (*observed != expected)
        return WENT;
    if (desired != expected && !stepper->untimed)
        open_window(stepper);
    return step_changes_word(stepper, pa, desired);
}

static enum went wait_at(struct stepper *stepper, enum barrier_kind kind)
{
    const struct small_core *core = core_of(stepper);
    switch (kind) {
    case BARRIER_ISB: /* programs go step by step: nothing of them is ahead */
        return WENT;
    case BARRIER_DMB_ISHST:
        small_order_stores(stepper->machine, stepper->state, stepper->core);
        return WENT;
    case BARRIER_DSB_ISH:
    case BARRIER_DSB_NSH:
        if (!small_is_complete(stepper->state, stepper->core, kind == BARRIER_DSB_NSH))
            return WAITS;
        return core->store_count == 0 ? WENT : WAITS;
    default:
        return core->store_count == 0 ? WENT : WAITS;
    }
}

enum went step_at_barrier(struct stepper *stepper, enum barrier_kind kind)
{
    enum went went = wait_at(stepper, kind);
    if (went == WENT)
        protocol_sees_barrier(stepper->exploration, stepper->explored, stepper->core, kind);
    return went;
}

/*
 * Arm's TLBI is sent and completes later (DDI 0487, D8.17.3). INVLPG and INVPCID are serializing (SDM volume
 * 3, 9.3), and SFENCE.VMA orders the stores before it with the walks after it (Privileged, Supervisor
 * Memory-Management Fence): both come after the core's own stores, and end when this core's part is done.
 */
enum went step_invalidates(struct stepper *stepper, const struct invalidation *what)
{
    bool waits = stepper->exploration->config.machine.ordering != ORDERING_ARM && !what->broadcast;
    uint32_t *sent = &core_of(stepper)->front[FRONT_INVALIDATES];
    unsigned self = 1u << stepper->core;
    unsigned all = (1u << stepper->exploration->config.machine.cores) - 1;
    unsigned targets = what->broadcast ? all : self;
    unsigned place;
    if (stepper->untimed) { /* nothing is cached */
        protocol_sees_invalidation(stepper->exploration, stepper->explored, stepper->core, what, targets);
        return WENT;
    }
    if (*sent) {
        if (!small_is_complete(stepper->state, stepper->core, true))
            return WAITS;
        *sent = 0;
        return WENT;
    }
    if (waits && core_of(stepper)->store_count > 0)
        return WAITS;
    switch (small_invalidate(stepper->machine, stepper->state, stepper->core, what, targets, &place)) {
    case SMALL_BUSY:
        return WAITS;
    case SMALL_FAILED:
        return FAILED;
    default:
        protocol_sees_invalidation(stepper->exploration, stepper->explored, stepper->core, what, targets);
        rules_issued_invalidation(&stepper->explored->rules, stepper->core, place);
        *sent = waits;
        return waits ? WAITS : WENT;
    }
}
