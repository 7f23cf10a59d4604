#include "sim/protocol/log_internal.h"

#include <stdarg.h>
#include <stdlib.h>

#define RANGE_BYTES_MAX (UINT64_C(256) << 20)
#define PAGE_NUMBER     ((UINT64_C(1) << 44) - 1)
#define PAGE_LG2        12u

struct log_check *log_check_create(void)
{
    struct log_check *check = calloc(1, sizeof *check);
    if (!check)
        return NULL;
    const struct protocol_config config = {.agent_word = "thread",
                                           .mark_word = "line",
                                           .strict = true,
                                           .may_step = log_may_step,
                                           .context = check};
    check->protocol = protocol_create(&config);
    if (check->protocol)
        return check;
    free(check);
    return NULL;
}

void log_check_destroy(struct log_check *check)
{
    if (!check)
        return;
    protocol_destroy(check->protocol);
    free(check->locks);
    free(check->root_locks);
    free(check->owned);
    free(check->roots);
    free(check);
}

const struct protocol_violation *log_check_violation(const struct log_check *check)
{
    return protocol_violation(check->protocol);
}

const char *log_check_sentence(const struct log_check *check)
{
    return check->sentence;
}

struct protocol_mark log_mark(const struct log_event *event)
{
    return (struct protocol_mark){.at = event->line, .event = event->id};
}

enum log_verdict log_violate(struct log_check *check, const struct log_event *event, enum protocol_rule rule,
                             struct protocol_mark related, const char *format, ...)
{
    const struct protocol_fault fault = {.mark = log_mark(event),
                                         .related = related,
                                         .pa = event->address,
                                         .agent = event->thread,
                                         .rule = rule};
    char text[PROTOCOL_TEXT_BYTES];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    (void)protocol_report(check->protocol, &fault, "%s", text);
    return LOG_VIOLATED;
}

enum log_verdict log_refuse(struct log_check *check, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(check->sentence, sizeof check->sentence, format, arguments);
    va_end(arguments);
    return LOG_REFUSED;
}

enum log_verdict log_verdict_of(int protocol_result)
{
    switch (protocol_result) {
    case PROTOCOL_FINE:
        return LOG_FINE;
    case PROTOCOL_VIOLATED:
        return LOG_VIOLATED;
    default:
        return LOG_NO_MEMORY;
    }
}

bool log_grow(void **list, size_t *capacity, size_t count, size_t element_bytes)
{
    if (count < *capacity)
        return true;
    size_t wanted = *capacity ? *capacity * 2 : 8;
    void *grown = realloc(*list, wanted * element_bytes);
    if (!grown)
        return false;
    *list = grown;
    *capacity = wanted;
    return true;
}

/* ---- Memory -------------------------------------------------------------------------------------- */

static const struct protocol_mark nowhere = {.at = PROTOCOL_NOWHERE};

static enum log_verdict refuse_range(struct log_check *check, const struct log_event *event)
{
    if (event->address % 8 != 0 || event->size_bytes % 8 != 0)
        return log_refuse(check, "address 0x%llx and size 0x%llx must be multiples of 8",
                          (unsigned long long)event->address, (unsigned long long)event->size_bytes);
    if (event->size_bytes > RANGE_BYTES_MAX)
        return log_refuse(check, "size is 0x%llx; an event may name 0x%llx bytes at the most",
                          (unsigned long long)event->size_bytes, (unsigned long long)RANGE_BYTES_MAX);
    if (event->address > UINT64_MAX - event->size_bytes)
        return log_refuse(check, "address 0x%llx and size 0x%llx go beyond 2^64",
                          (unsigned long long)event->address, (unsigned long long)event->size_bytes);
    return LOG_FINE;
}

static enum log_verdict init_word(struct log_check *check, const struct log_event *event, uint64_t pa)
{
    struct protocol_entry entry;
    if (protocol_find_entry(check->protocol, pa, &entry))
        return log_violate(check, event, PROTOCOL_INIT_USED, nowhere,
                           "memory at 0x%llx is initialised, which is an entry of a live table",
                           (unsigned long long)pa);
    if (protocol_read(check->protocol, pa) != 0)
        return log_violate(check, event, PROTOCOL_INIT_USED, nowhere,
                           "memory at 0x%llx is initialised, which is in use: it holds 0x%llx",
                           (unsigned long long)pa, (unsigned long long)protocol_read(check->protocol, pa));
    return log_verdict_of(protocol_set_word(check->protocol, pa, 0));
}

static enum log_verdict free_word(struct log_check *check, const struct log_event *event, uint64_t pa)
{
    struct protocol_entry entry;
    if (protocol_find_entry(check->protocol, pa, &entry))
        return log_violate(check, event, PROTOCOL_FREE_LIVE, nowhere,
                           "memory at 0x%llx is freed, which is an entry of a live table",
                           (unsigned long long)pa);
    protocol_forget_word(check->protocol, pa);
    return LOG_FINE;
}

static enum log_verdict write_word(struct log_check *check, const struct log_event *event, uint64_t pa,
                                   uint64_t value, bool plain)
{
    struct protocol_entry entry;
    if (!protocol_knows(check->protocol, pa))
        return log_violate(check, event, PROTOCOL_WRITE_UNINITIALISED, nowhere,
                           "memory at 0x%llx is written, but was never initialised", (unsigned long long)pa);
    enum log_verdict verdict = LOG_FINE;
    if (protocol_find_entry(check->protocol, pa, &entry))
        verdict = log_authorise(check, event, pa, value, plain);
    if (verdict != LOG_FINE)
        return verdict;
    return log_verdict_of(protocol_write(check->protocol, event->thread, pa, value, log_mark(event)));
}

/* `mem-set` writes one byte everywhere. */
static enum log_verdict set_word(struct log_check *check, const struct log_event *event, uint64_t pa)
{
    return write_word(check, event, pa, event->value * UINT64_C(0x0101010101010101), true);
}

static enum log_verdict each_word(struct log_check *check, const struct log_event *event,
                                  enum log_verdict (*step)(struct log_check *, const struct log_event *,
                                                           uint64_t))
{
    enum log_verdict verdict = refuse_range(check, event);
    for (uint64_t at = 0; at < event->size_bytes && verdict == LOG_FINE; at += 8)
        verdict = step(check, event, event->address + at);
    return verdict;
}

static enum log_verdict step_init(struct log_check *check, const struct log_event *event)
{
    return each_word(check, event, init_word);
}

static enum log_verdict step_free(struct log_check *check, const struct log_event *event)
{
    return each_word(check, event, free_word);
}

static enum log_verdict step_set(struct log_check *check, const struct log_event *event)
{
    if (event->value > 0xff)
        return log_refuse(check, "value is 0x%llx; a mem-set writes a byte, 0 to ff",
                          (unsigned long long)event->value);
    return each_word(check, event, set_word);
}

static enum log_verdict step_write(struct log_check *check, const struct log_event *event)
{
    if (event->address % 8 != 0)
        return log_refuse(check, "address 0x%llx must be a multiple of 8",
                          (unsigned long long)event->address);
    return write_word(check, event, event->address, event->value, event->which == LOG_PLAIN);
}

/* No rule is about reads. */
static enum log_verdict step_read(struct log_check *check, const struct log_event *event)
{
    (void)check;
    (void)event;
    return LOG_FINE;
}

/* ---- Barriers and invalidations ------------------------------------------------------------------ */

static enum log_verdict step_barrier(struct log_check *check, const struct log_event *event)
{
    static const enum barrier_kind kinds[] = {[LOG_ISB] = BARRIER_ISB,
                                              [LOG_DSB_ISH] = BARRIER_DSB_ISH,
                                              [LOG_DSB_ISHST] = BARRIER_DSB_ISHST,
                                              [LOG_DSB_NSH] = BARRIER_DSB_NSH};
    if (event->which != LOG_ISB)
        log_allow_plain(check, event->thread);
    return log_verdict_of(
        protocol_barrier_ended(check->protocol, event->thread, kinds[event->which], log_mark(event)));
}

/* TTL, bits 47 to 44 (DDI 0487, D8.17.3, FEAT_TTL): granule and level; level 0 of 4 KiB says nothing. */
static uint8_t level_hint(uint64_t value)
{
    unsigned ttl = (unsigned)(value >> 44) & 0xf;
    if (ttl >> 2 == 0 || ttl == 4)
        return PROTOCOL_ANY_LEVEL;
    return ttl >> 2 == 1 ? (uint8_t)(ttl & 3)
                         : PROTOCOL_ANY_LEVEL - 1; /* of another granule: no level here */
}

static enum log_verdict step_tlbi(struct log_check *check, const struct log_event *event)
{
    uint16_t vmid = 0;
    bool knows_vmid = log_vmid(check, event->thread, &vmid);
    struct protocol_invalidation what = {.vmid = vmid,
                                         .any_vmid = !knows_vmid,
                                         .any_asid = true,
                                         .global = true,
                                         .level_hint = PROTOCOL_ANY_LEVEL};
    enum log_tlbi tlbi = (enum log_tlbi)event->which;
    what.everywhere = tlbi != LOG_VMALLS12E1 && tlbi != LOG_VMALLE1 && tlbi != LOG_ALLE1 && tlbi != LOG_ALLE2;
    what.el2 = tlbi == LOG_ALLE2 || tlbi == LOG_ALLE2IS || tlbi == LOG_VAE2IS || tlbi == LOG_VALE2IS;
    what.stage1 = tlbi != LOG_IPAS2E1IS;
    what.stage2 = tlbi == LOG_IPAS2E1IS || tlbi == LOG_VMALLS12E1 || tlbi == LOG_VMALLS12E1IS ||
                  tlbi == LOG_ALLE1 || tlbi == LOG_ALLE1IS;
    what.any_vmid |= tlbi == LOG_ALLE1 || tlbi == LOG_ALLE1IS;
    if (tlbi >= LOG_VAE2IS) {
        what.by_address = true;
        what.first = what.last = (event->value & PAGE_NUMBER) << PAGE_LG2;
        what.level_hint = level_hint(event->value);
        what.last_level_only = what.leaves_only = tlbi == LOG_VALE2IS;
        what.any_asid = tlbi == LOG_IPAS2E1IS;
        what.asid = (uint16_t)(event->value >> 48);
    }
    protocol_invalidated(check->protocol, event->thread, &what, log_mark(event));
    return LOG_FINE;
}

enum log_verdict log_check_step(struct log_check *check, const struct log_event *event)
{
    static enum log_verdict (*const steps[LOG_KINDS])(struct log_check *, const struct log_event *) = {
        [LOG_MEM_WRITE] = step_write, [LOG_MEM_READ] = step_read,        [LOG_MEM_INIT] = step_init,
        [LOG_MEM_FREE] = step_free,   [LOG_MEM_SET] = step_set,          [LOG_BARRIER] = step_barrier,
        [LOG_TLBI] = step_tlbi,       [LOG_SYSREG_WRITE] = log_register, [LOG_HINT] = log_hint,
        [LOG_LOCK] = log_lock,        [LOG_TRYLOCK] = log_trylock,       [LOG_UNLOCK] = log_unlock};
    return steps[event->kind](check, event);
}
