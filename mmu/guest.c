#include "mmu/guest.h"

#include "pagetables/interpret.h"

#define PAGE_BYTES 4096u

static bool translate(const struct translation_regime *stage2, const struct memory_reader *memory,
                      enum access_kind access, uint64_t ipa, uint64_t *pa)
{
    struct translation_regime regime = interpret_regime(stage2);
    struct walk_state walk;
    if (interpret_address(&regime, memory, ipa, &walk) != WALK_LEAF ||
        !(walk.leaf.rights_when_dirty & ACCESS_RIGHT(PRIVILEGE_KERNEL, access)))
        return false;
    *pa = walk.leaf.frame.base + (ipa - walk.leaf.va);
    return true;
}

/* ---- words ------------------------------------------------------------------------------------- */

static bool reach(struct guest_environment *guest, enum access_kind access, uint64_t ipa, uint64_t *pa)
{
    if (translate(&guest->stage2, &guest->memory, access, ipa, pa))
        return true;
    if (guest->fault_ipa == GUEST_NO_FAULT)
        guest->fault_ipa = ipa;
    return false;
}

static int guest_read(void *context, uint64_t ipa, uint64_t *value)
{
    struct guest_environment *guest = context;
    uint64_t pa;
    if (!reach(guest, ACCESS_LOAD, ipa, &pa))
        return ENVIRONMENT_BAD_ADDRESS;
    return guest->host.operations->read(guest->host.context, pa, value);
}

static int guest_write(void *context, uint64_t ipa, uint64_t value)
{
    struct guest_environment *guest = context;
    uint64_t pa;
    if (!reach(guest, ACCESS_STORE, ipa, &pa))
        return ENVIRONMENT_BAD_ADDRESS;
    return guest->host.operations->write(guest->host.context, pa, value);
}

static int guest_compare_exchange(void *context, uint64_t ipa, uint64_t expected, uint64_t desired,
                                  uint64_t *observed)
{
    struct guest_environment *guest = context;
    uint64_t pa;
    if (!reach(guest, ACCESS_STORE, ipa, &pa))
        return ENVIRONMENT_BAD_ADDRESS;
    return guest->host.operations->compare_exchange(guest->host.context, pa, expected, desired, observed);
}

/* ---- tables ------------------------------------------------------------------------------------ */

static int clear_block(struct guest_environment *guest, uint64_t ipa, uint64_t size_bytes)
{
    int status = ENVIRONMENT_OK;
    for (uint64_t offset = 0; offset < size_bytes && status == ENVIRONMENT_OK; offset += PAGE_BYTES) {
        uint64_t pa;
        if (!reach(guest, ACCESS_STORE, ipa + offset, &pa))
            return ENVIRONMENT_BAD_ADDRESS;
        status = guest->clear(guest->host.context, pa);
    }
    return status;
}

static int guest_allocate(void *context, uint64_t size_bytes, uint64_t *ipa)
{
    struct guest_environment *guest = context;
    unsigned size_lg2 = frame_block_lg2(size_bytes);
    if (!frame_allocate(guest->tables, size_lg2, ipa))
        return ENVIRONMENT_NO_MEMORY;
    int status = clear_block(guest, *ipa, UINT64_C(1) << size_lg2);
    if (status != ENVIRONMENT_OK)
        (void)frame_release(guest->tables, *ipa, size_lg2);
    return status;
}

static int guest_release(void *context, uint64_t ipa, uint64_t size_bytes)
{
    const struct guest_environment *guest = context;
    bool kept = frame_release(guest->tables, ipa, frame_block_lg2(size_bytes));
    return kept ? ENVIRONMENT_OK : ENVIRONMENT_STOPPED;
}

/* ---- what needs no address, or another --------------------------------------------------------- */

static int guest_barrier(void *context, enum barrier_kind kind)
{
    const struct guest_environment *guest = context;
    return guest->host.operations->barrier(guest->host.context, kind);
}

static int guest_invalidate(void *context, const struct invalidation *what)
{
    const struct guest_environment *guest = context;
    return guest->host.operations->invalidate(guest->host.context, what);
}

static int guest_complete(void *context)
{
    const struct guest_environment *guest = context;
    return guest->host.operations->complete(guest->host.context);
}

static int guest_lock(void *context, uint64_t ipa)
{
    struct guest_environment *guest = context;
    uint64_t pa;
    if (!reach(guest, ACCESS_STORE, ipa, &pa))
        return ENVIRONMENT_BAD_ADDRESS;
    return guest->host.operations->lock(guest->host.context, pa);
}

static int guest_unlock(void *context, uint64_t ipa)
{
    struct guest_environment *guest = context;
    uint64_t pa;
    if (!reach(guest, ACCESS_STORE, ipa, &pa))
        return ENVIRONMENT_BAD_ADDRESS;
    return guest->host.operations->unlock(guest->host.context, pa);
}

struct environment guest_environment(struct guest_environment *guest)
{
    static const struct environment_operations operations = {
        .read = guest_read,
        .write = guest_write,
        .compare_exchange = guest_compare_exchange,
        .allocate_table = guest_allocate,
        .release_table = guest_release,
        .barrier = guest_barrier,
        .invalidate = guest_invalidate,
        .complete = guest_complete,
        .lock = guest_lock,
        .unlock = guest_unlock,
    };
    return (struct environment){.operations = &operations, .context = guest};
}

/* ---- views ------------------------------------------------------------------------------------- */

static bool read_by_ipa(void *context, uint64_t ipa, uint64_t *value)
{
    const struct guest_reader *reader = context;
    uint64_t pa;
    return translate(reader->stage2, reader->memory, ACCESS_LOAD, ipa, &pa) &&
           reader->memory->read(reader->memory->context, pa, value);
}

struct memory_reader guest_memory_reader(struct guest_reader *reader)
{
    return (struct memory_reader){read_by_ipa, reader};
}
