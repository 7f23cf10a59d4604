/* System registers, and the roots that they make live. */
#include "sim/protocol/log_internal.h"

#define BASE_BITS  UINT64_C(0x0000fffffffffffe) /* 47 to 1 */
#define ID_SHIFT   48u
#define T0SZ_LEAST 16u
#define PAGE_LG2   12u
#define INDEX_BITS 9u

/* Of the arrays in struct thread. */
static unsigned slot_of(enum protocol_regime regime)
{
    return regime == REGIME_EL2;
}

bool log_vmid(const struct log_check *check, unsigned thread, uint16_t *vmid)
{
    const struct thread *is = &check->threads[thread];
    *vmid = (uint16_t)(is->registers[LOG_VTTBR_EL2] >> ID_SHIFT);
    return is->written[LOG_VTTBR_EL2];
}

/* Bit 0 of HCR_EL2 (VM) and of SCTLR_EL2 (M); on, unless it was written. */
static bool is_enabled(const struct thread *thread, enum protocol_regime regime)
{
    enum log_register control = regime == REGIME_EL2 ? LOG_SCTLR_EL2 : LOG_HCR_EL2;
    return !thread->written[control] || thread->registers[control] & 1;
}

/* ---- Shape of the tables ------------------------------------------------------------------------- */

/*
 * DDI 0487, D8.2: the first level follows from TnSZ, and of stage 2 it may be the next one with up to 16
 * tables side by side (VTCR_EL2.SL0: 2 minus the level).
 */
static void cut(const struct thread *thread, struct protocol_root *root)
{
    bool stage2 = root->regime == REGIME_STAGE2;
    const struct entry_format *whole =
        entry_format_of(walk_format_find(stage2 ? "vmsa-s2-4k-48" : "vmsa-el2-4k-48"));
    enum log_register control = stage2 ? LOG_VTCR_EL2 : LOG_TCR_EL2;
    uint64_t value = thread->written[control] ? thread->registers[control] : T0SZ_LEAST;
    unsigned t0sz = (unsigned)(value & 0x3f);
    unsigned first = t0sz > T0SZ_LEAST ? (t0sz - T0SZ_LEAST) / INDEX_BITS : 0;
    unsigned concatenated = 0, sl0 = (unsigned)(value >> 6) & 3;
    first = first < 3 ? first : 3;
    unsigned bits = 64 - t0sz, below = PAGE_LG2 + INDEX_BITS * (3 - first);
    if (stage2 && first < 3 && sl0 == 1 - first && bits > below && bits - below <= 4) {
        concatenated = bits - below;
        first++;
    }
    root->entries = *whole;
    root->entries.levels = (uint8_t)(4 - first);
    for (unsigned depth = 0; depth < root->entries.levels; depth++)
        root->entries.level[depth] = whole->level[depth + first];
    root->entries.level[0].index_bits = (uint8_t)(INDEX_BITS + concatenated);
}

static bool has_4k_granule(const struct thread *thread, enum protocol_regime regime)
{
    enum log_register control = regime == REGIME_EL2 ? LOG_TCR_EL2 : LOG_VTCR_EL2;
    return !thread->written[control] || (thread->registers[control] >> 14 & 3) == 0;
}

/* ---- Roots --------------------------------------------------------------------------------------- */

static struct live_root *root_at(const struct log_check *check, uint64_t pa)
{
    for (size_t i = 0; i < check->root_count; i++)
        if (check->roots[i].pa == pa)
            return &check->roots[i];
    return NULL;
}

/* An identifier is of its regime: VMID 0 beside the EL2 root is no second use of 0. */
static const struct live_root *root_of_id(const struct log_check *check, enum protocol_regime regime,
                                          uint64_t id)
{
    for (size_t i = 0; i < check->root_count; i++)
        if (check->roots[i].regime == regime && check->roots[i].id == id)
            return &check->roots[i];
    return NULL;
}

static enum log_verdict add_root(struct log_check *check, const struct log_event *event,
                                 const struct live_root *live)
{
    struct protocol_root root = {
        .pa = live->pa, .id = (uint32_t)check->root_count + 1, .regime = live->regime};
    root.vmid = live->regime == REGIME_STAGE2 ? (uint16_t)live->id : 0;
    cut(&check->threads[event->thread], &root);
    uint64_t bytes = entry_table_bytes(&root.entries.level[0]);
    if (!has_4k_granule(&check->threads[event->thread], live->regime))
        return log_refuse(check, "tables of another granule than 4 KiB are not known here");
    if (live->pa % bytes != 0)
        return log_refuse(check, "the root 0x%llx must be a multiple of its size, 0x%llx",
                          (unsigned long long)live->pa, (unsigned long long)bytes);
    if (!log_grow((void **)&check->roots, &check->root_capacity, check->root_count, sizeof *check->roots))
        return LOG_NO_MEMORY;
    check->roots[check->root_count++] = *live;
    return log_verdict_of(protocol_add_root(check->protocol, &root, event->thread, log_mark(event)));
}

/* The root that a register names is walked from now on. */
static enum log_verdict activate(struct log_check *check, const struct log_event *event,
                                 enum protocol_regime regime, uint64_t value)
{
    struct thread *thread = &check->threads[event->thread];
    const struct live_root live = {
        .pa = value & BASE_BITS, .id = value >> ID_SHIFT, .regime = regime, .mark = log_mark(event)};
    const struct live_root *known = root_at(check, live.pa);
    const struct live_root *other = root_of_id(check, regime, live.id);
    enum log_verdict verdict = LOG_FINE;
    if (known && known->regime == regime && known->id != live.id)
        return log_violate(check, event, PROTOCOL_ROOT_TWO_IDS, known->mark,
                           "the root at 0x%llx gets identifier %llu, but has %llu since line %llu",
                           (unsigned long long)live.pa, (unsigned long long)live.id,
                           (unsigned long long)known->id, (unsigned long long)known->mark.at);
    if (other && other->pa != live.pa)
        return log_violate(
            check, event, PROTOCOL_ID_TWO_ROOTS, other->mark,
            "identifier %llu names the root at 0x%llx, but has named that at 0x%llx since line %llu",
            (unsigned long long)live.id, (unsigned long long)live.pa, (unsigned long long)other->pa,
            (unsigned long long)other->mark.at);
    if (!known || known->regime != regime)
        verdict = add_root(check, event, &live);
    thread->root[slot_of(regime)] = live.pa;
    thread->has_root[slot_of(regime)] = true;
    return verdict;
}

static enum log_verdict write_root(struct log_check *check, const struct log_event *event,
                                   enum protocol_regime regime)
{
    if (regime == REGIME_EL2 && event->value >> ID_SHIFT != 0)
        return log_violate(check, event, PROTOCOL_EL2_ASID, (struct protocol_mark){.at = PROTOCOL_NOWHERE},
                           "ttbr0_el2 gets ASID %llu: bits 63 to 48 are reserved, 0 is wanted",
                           (unsigned long long)(event->value >> ID_SHIFT));
    return is_enabled(&check->threads[event->thread], regime) ? activate(check, event, regime, event->value)
                                                              : LOG_FINE;
}

/* Translation is switched on or off. */
static enum log_verdict write_control(struct log_check *check, const struct log_event *event,
                                      enum protocol_regime regime)
{
    struct thread *thread = &check->threads[event->thread];
    enum log_register base = regime == REGIME_EL2 ? LOG_TTBR0_EL2 : LOG_VTTBR_EL2;
    if (event->value & 1)
        return thread->written[base] ? activate(check, event, regime, thread->registers[base]) : LOG_FINE;
    thread->has_root[slot_of(regime)] = false;
    return LOG_FINE;
}

enum log_verdict log_register(struct log_check *check, const struct log_event *event)
{
    struct thread *thread = &check->threads[event->thread];
    enum log_verdict verdict = LOG_FINE;
    if (event->which == LOG_VTTBR_EL2 || event->which == LOG_TTBR0_EL2)
        verdict = write_root(check, event, event->which == LOG_VTTBR_EL2 ? REGIME_STAGE2 : REGIME_EL2);
    else if (event->which == LOG_HCR_EL2 || event->which == LOG_SCTLR_EL2)
        verdict = write_control(check, event, event->which == LOG_HCR_EL2 ? REGIME_STAGE2 : REGIME_EL2);
    thread->registers[event->which] = event->value;
    thread->written[event->which] = true;
    return verdict;
}

/* ---- Release ------------------------------------------------------------------------------------- */

static int user_of(const struct log_check *check, const struct live_root *root)
{
    for (unsigned i = 0; i < LOG_THREADS; i++)
        if (check->threads[i].has_root[slot_of(root->regime)] &&
            check->threads[i].root[slot_of(root->regime)] == root->pa)
            return (int)i;
    return -1;
}

enum log_verdict log_release(struct log_check *check, const struct log_event *event)
{
    static const struct protocol_mark nowhere = {.at = PROTOCOL_NOWHERE};
    struct live_root *root = root_at(check, event->address);
    struct protocol_entry entry;
    struct protocol_mark mark;
    uint64_t pa;
    if (!protocol_find_entry(check->protocol, event->address, &entry))
        return LOG_FINE;
    if (!root)
        return log_violate(check, event, PROTOCOL_RELEASE_NO_ROOT, nowhere,
                           "the table at 0x%llx is released, but hangs below the root at 0x%llx",
                           (unsigned long long)event->address, (unsigned long long)entry.root_pa);
    if (protocol_unclean_of_root(check->protocol, root->pa, &pa, &mark))
        return log_violate(check, event, PROTOCOL_RELEASE_UNCLEAN, mark,
                           "the tables of the root at 0x%llx are released, but the entry at 0x%llx was made "
                           "invalid at line %llu and is not clean",
                           (unsigned long long)root->pa, (unsigned long long)pa, (unsigned long long)mark.at);
    if (user_of(check, root) >= 0)
        return log_violate(check, event, PROTOCOL_RELEASE_IN_USE, root->mark,
                           "the tables of the root at 0x%llx are released, but thread %d runs it",
                           (unsigned long long)root->pa, user_of(check, root));
    protocol_remove_root(check->protocol, root->pa);
    *root = check->roots[--check->root_count];
    return LOG_FINE;
}
