/* Locks, hints, and who may write an entry. */
#include "sim/protocol/log_internal.h"

static const struct protocol_mark nowhere = {.at = PROTOCOL_NOWHERE};

static struct lock *lock_at(const struct log_check *check, uint64_t address)
{
    for (size_t i = 0; i < check->lock_count; i++)
        if (check->locks[i].address == address)
            return &check->locks[i];
    return NULL;
}

static struct root_lock *lock_of_root(const struct log_check *check, uint64_t root)
{
    for (size_t i = 0; i < check->root_lock_count; i++)
        if (check->root_locks[i].root == root)
            return &check->root_locks[i];
    return NULL;
}

static struct owned *owner_of(const struct log_check *check, uint64_t pa)
{
    for (size_t i = 0; i < check->owned_count; i++)
        if (check->owned[i].pa == pa)
            return &check->owned[i];
    return NULL;
}

/* ---- Locks --------------------------------------------------------------------------------------- */

static enum log_verdict take(struct log_check *check, const struct log_event *event)
{
    if (!log_grow((void **)&check->locks, &check->lock_capacity, check->lock_count, sizeof *check->locks))
        return LOG_NO_MEMORY;
    check->locks[check->lock_count++] = (struct lock){.address = event->address,
                                                      .times = 1,
                                                      .taken = log_mark(event),
                                                      .wrote = nowhere,
                                                      .thread = event->thread};
    return LOG_FINE;
}

static enum log_verdict refuse_held(struct log_check *check, const struct log_event *event,
                                    const struct lock *lock)
{
    return log_violate(check, event, PROTOCOL_LOCK_HELD, lock->taken,
                       "thread %u takes the lock at 0x%llx, which thread %u took at line %llu and holds",
                       event->thread, (unsigned long long)event->address, lock->thread,
                       (unsigned long long)lock->taken.at);
}

enum log_verdict log_lock(struct log_check *check, const struct log_event *event)
{
    const struct lock *lock = lock_at(check, event->address);
    return lock ? refuse_held(check, event, lock) : take(check, event);
}

/* One that succeeded; the thread may have the lock already. */
enum log_verdict log_trylock(struct log_check *check, const struct log_event *event)
{
    struct lock *lock = lock_at(check, event->address);
    if (!lock)
        return take(check, event);
    if (lock->thread != event->thread)
        return refuse_held(check, event, lock);
    lock->times++;
    return LOG_FINE;
}

enum log_verdict log_unlock(struct log_check *check, const struct log_event *event)
{
    struct lock *lock = lock_at(check, event->address);
    if (!lock)
        return log_violate(check, event, PROTOCOL_UNLOCK_NOT_HELD, nowhere,
                           "thread %u releases the lock at 0x%llx, which nobody holds", event->thread,
                           (unsigned long long)event->address);
    if (lock->thread != event->thread)
        return log_violate(
            check, event, PROTOCOL_UNLOCK_NOT_HELD, lock->taken,
            "thread %u releases the lock at 0x%llx, which thread %u took at line %llu and holds",
            event->thread, (unsigned long long)event->address, lock->thread,
            (unsigned long long)lock->taken.at);
    if (--lock->times == 0)
        *lock = check->locks[--check->lock_count];
    return LOG_FINE;
}

/* ---- Who may write ------------------------------------------------------------------------------- */

bool log_may_step(void *context, unsigned thread, uint64_t entry_pa, uint64_t root_pa)
{
    const struct log_check *check = context;
    const struct owned *owned = owner_of(check, entry_pa);
    if (owned)
        return owned->thread == thread;
    const struct root_lock *root_lock = lock_of_root(check, root_pa);
    const struct lock *lock = root_lock ? lock_at(check, root_lock->lock) : NULL;
    return lock && lock->thread == thread;
}

void log_allow_plain(struct log_check *check, unsigned thread)
{
    for (size_t i = 0; i < check->lock_count; i++)
        if (check->locks[i].thread == thread)
            check->locks[i].wrote = nowhere;
}

/* The table that hangs at the entry is about to be removed. */
static enum log_verdict refuse_owned_below(struct log_check *check, const struct log_event *event,
                                           uint64_t pa)
{
    for (size_t i = 0; i < check->owned_count; i++)
        if (protocol_is_below(check->protocol, check->owned[i].pa, pa))
            return log_violate(
                check, event, PROTOCOL_THREAD_OWNER_PARENT, check->owned[i].mark,
                "the entry at 0x%llx is made invalid though thread %llu owns the entry at 0x%llx "
                "below it, since line %llu",
                (unsigned long long)pa, (unsigned long long)check->owned[i].thread,
                (unsigned long long)check->owned[i].pa, (unsigned long long)check->owned[i].mark.at);
    return LOG_FINE;
}

/* What is not valid before and after may be written as one likes. */
static enum log_verdict authorise_plain(struct log_check *check, const struct log_event *event,
                                        struct lock *lock, uint64_t pa, bool matters)
{
    if (lock->wrote.at == PROTOCOL_NOWHERE) {
        lock->wrote = log_mark(event);
        return LOG_FINE;
    }
    return matters ? log_violate(
                         check, event, PROTOCOL_PLAIN_TWICE, lock->wrote,
                         "the entry at 0x%llx is written plainly, with no DSB since the write at line %llu "
                         "under the same lock: a release or a DSB is wanted",
                         (unsigned long long)pa, (unsigned long long)lock->wrote.at)
                   : LOG_FINE;
}

static enum log_verdict authorise_locked(struct log_check *check, const struct log_event *event,
                                         const struct protocol_entry *entry, uint64_t pa, bool matters)
{
    const struct root_lock *root_lock = lock_of_root(check, entry->root_pa);
    if (!root_lock)
        return log_violate(
            check, event, PROTOCOL_NO_LOCK, nowhere,
            "the entry at 0x%llx is written, but its root at 0x%llx has no lock: a set_root_lock "
            "is wanted",
            (unsigned long long)pa, (unsigned long long)entry->root_pa);
    struct lock *lock = lock_at(check, root_lock->lock);
    if (lock && lock->thread == event->thread)
        return authorise_plain(check, event, lock, pa, matters);
    return log_violate(
        check, event, PROTOCOL_LOCK_NOT_HELD, lock ? lock->taken : nowhere,
        "thread %u writes the entry at 0x%llx without the lock at 0x%llx of its root, which %s "
        "holds",
        event->thread, (unsigned long long)pa, (unsigned long long)root_lock->lock,
        lock ? "another thread" : "nobody");
}

enum log_verdict log_authorise(struct log_check *check, const struct log_event *event, uint64_t pa,
                               uint64_t value, bool plain)
{
    const struct owned *owned = owner_of(check, pa);
    struct protocol_entry entry;
    enum log_verdict verdict = LOG_FINE;
    if (!protocol_find_entry(check->protocol, pa, &entry))
        return LOG_FINE;
    if (owned && owned->thread != event->thread)
        return log_violate(check, event, PROTOCOL_THREAD_OWNER, owned->mark,
                           "thread %u writes the entry at 0x%llx, which thread %llu owns since line %llu",
                           event->thread, (unsigned long long)pa, (unsigned long long)owned->thread,
                           (unsigned long long)owned->mark.at);
    if (!owned)
        verdict = authorise_locked(check, event, &entry, pa, plain && (entry.valid || value & 1));
    if (verdict == LOG_FINE && entry.valid && !(value & 1))
        verdict = refuse_owned_below(check, event, pa);
    return verdict;
}

/* ---- Hints --------------------------------------------------------------------------------------- */

static enum log_verdict set_root_lock(struct log_check *check, const struct log_event *event)
{
    struct root_lock *known = lock_of_root(check, event->address);
    if (known) {
        known->lock = event->value;
        return LOG_FINE;
    }
    if (!log_grow((void **)&check->root_locks, &check->root_lock_capacity, check->root_lock_count,
                  sizeof *check->root_locks))
        return LOG_NO_MEMORY;
    check->root_locks[check->root_lock_count++] = (struct root_lock){event->address, event->value};
    return LOG_FINE;
}

/* A table takes the root that it hangs at when it becomes live, so before that the hint says nothing. */
static enum log_verdict set_owner_root(struct log_check *check, const struct log_event *event)
{
    struct protocol_entry entry;
    const uint64_t page = event->address & ~UINT64_C(0xfff);
    for (uint64_t pa = page; pa - page < 4096; pa += 8)
        if (protocol_find_entry(check->protocol, pa, &entry))
            return log_violate(
                check, event, PROTOCOL_OWNER_OF_LIVE_TABLE, nowhere,
                "the table at 0x%llx gets an owner, but is live already, for the root at 0x%llx",
                (unsigned long long)page, (unsigned long long)entry.root_pa);
    return LOG_FINE;
}

static void forget_owner(struct log_check *check, uint64_t pa)
{
    struct owned *owned = owner_of(check, pa);
    if (owned)
        *owned = check->owned[--check->owned_count];
}

static enum log_verdict set_thread_owner(struct log_check *check, const struct log_event *event)
{
    struct protocol_entry entry;
    uint64_t pa = event->address;
    if (!protocol_find_entry(check->protocol, pa, &entry))
        return log_violate(check, event, PROTOCOL_THREAD_OWNER_PLACE, nowhere,
                           "0x%llx gets an owner, but is no entry of a live table", (unsigned long long)pa);
    if (!entry.last_level)
        return log_violate(check, event, PROTOCOL_THREAD_OWNER_PLACE, nowhere,
                           "the entry at 0x%llx gets an owner, but is one of level %u: level 3 is wanted",
                           (unsigned long long)pa, entry.level);
    forget_owner(check, pa);
    if (event->value >> 63) /* negative: no owner */
        return LOG_FINE;
    if (!log_grow((void **)&check->owned, &check->owned_capacity, check->owned_count, sizeof *check->owned))
        return LOG_NO_MEMORY;
    check->owned[check->owned_count++] = (struct owned){pa, event->value, log_mark(event)};
    return LOG_FINE;
}

static void forget_dead_owners(struct log_check *check)
{
    struct protocol_entry entry;
    for (size_t i = check->owned_count; i > 0; i--)
        if (!protocol_find_entry(check->protocol, check->owned[i - 1].pa, &entry))
            check->owned[i - 1] = check->owned[--check->owned_count];
}

static enum log_verdict release_table(struct log_check *check, const struct log_event *event)
{
    struct root_lock *known = lock_of_root(check, event->address);
    if (known)
        *known = check->root_locks[--check->root_lock_count];
    enum log_verdict verdict = log_release(check, event);
    forget_dead_owners(check);
    return verdict;
}

enum log_verdict log_hint(struct log_check *check, const struct log_event *event)
{
    static enum log_verdict (*const hints[LOG_HINTS])(struct log_check *, const struct log_event *) = {
        [LOG_SET_ROOT_LOCK] = set_root_lock,
        [LOG_SET_OWNER_ROOT] = set_owner_root,
        [LOG_RELEASE_TABLE] = release_table,
        [LOG_SET_PTE_THREAD_OWNER] = set_thread_owner};
    return hints[event->which](check, event);
}
