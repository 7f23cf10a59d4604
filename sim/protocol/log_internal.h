/*
 * What the files that judge logs share. Nothing here is part of their contract.
 */
#ifndef MMUSIM_SIM_PROTOCOL_LOG_INTERNAL_H
#define MMUSIM_SIM_PROTOCOL_LOG_INTERNAL_H

#include "sim/protocol/log_check.h"

struct lock {
    uint64_t address;
    uint64_t times; /* trylock takes a lock that the thread has once more */
    struct protocol_mark taken;
    struct protocol_mark wrote; /* under it, since the last barrier; at PROTOCOL_NOWHERE: nothing */
    uint8_t thread;
};

struct root_lock {
    uint64_t root;
    uint64_t lock;
};

/* An entry that belongs to a thread. */
struct owned {
    uint64_t pa;
    uint64_t thread;
    struct protocol_mark mark;
};

struct live_root {
    uint64_t pa;
    uint64_t id;
    enum protocol_regime regime;
    struct protocol_mark mark;
};

struct thread {
    uint64_t registers[LOG_REGISTERS];
    bool written[LOG_REGISTERS];
    uint64_t root[2]; /* that it runs: of stage 2, of EL2 */
    bool has_root[2];
};

struct log_check {
    struct protocol *protocol;
    struct lock *locks;
    size_t lock_count, lock_capacity;
    struct root_lock *root_locks;
    size_t root_lock_count, root_lock_capacity;
    struct owned *owned;
    size_t owned_count, owned_capacity;
    struct live_root *roots;
    size_t root_count, root_capacity;
    struct thread threads[LOG_THREADS];
    char sentence[LOG_TEXT_BYTES];
};

struct protocol_mark log_mark(const struct log_event *event);
/* LOG_VIOLATED. */
__attribute__((format(printf, 5, 6))) enum log_verdict
log_violate(struct log_check *check, const struct log_event *event, enum protocol_rule rule,
            struct protocol_mark related, const char *format, ...);
__attribute__((format(printf, 2, 3))) enum log_verdict log_refuse(struct log_check *check, const char *format,
                                                                  ...);
enum log_verdict log_verdict_of(int protocol_result);
/* Room for one more element: `*list` may move. */
bool log_grow(void **list, size_t *capacity, size_t count, size_t element_bytes);

/* log_locks.c */
enum log_verdict log_lock(struct log_check *check, const struct log_event *event);
enum log_verdict log_trylock(struct log_check *check, const struct log_event *event);
enum log_verdict log_unlock(struct log_check *check, const struct log_event *event);
enum log_verdict log_hint(struct log_check *check, const struct log_event *event);
/* Whether the thread may write the live entry now; says that it did. */
enum log_verdict log_authorise(struct log_check *check, const struct log_event *event, uint64_t pa,
                               uint64_t value, bool plain);
/* A DSB of the thread has ended. */
void log_allow_plain(struct log_check *check, unsigned thread);
bool log_may_step(void *check, unsigned thread, uint64_t entry_pa, uint64_t root_pa);

/* log_roots.c */
enum log_verdict log_register(struct log_check *check, const struct log_event *event);
enum log_verdict log_release(struct log_check *check, const struct log_event *event);
/* The VMID that the thread's VTTBR_EL2 names; false if it was never written. */
bool log_vmid(const struct log_check *check, unsigned thread, uint16_t *vmid);

#endif
