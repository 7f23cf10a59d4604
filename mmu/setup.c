#include "mmu/setup.h"

#define PAGE_BYTES 4096u

static int setup_read(void *context, uint64_t pa, uint64_t *value)
{
    const struct setup_environment *setup = context;
    return machine_peek(setup->machine, pa, value) ? ENVIRONMENT_OK : ENVIRONMENT_BAD_ADDRESS;
}

static int setup_write(void *context, uint64_t pa, uint64_t value)
{
    const struct setup_environment *setup = context;
    return machine_poke(setup->machine, pa, value) ? ENVIRONMENT_OK : ENVIRONMENT_BAD_ADDRESS;
}

static int setup_compare_exchange(void *context, uint64_t pa, uint64_t expected, uint64_t desired,
                                  uint64_t *observed)
{
    int status = setup_read(context, pa, observed);
    return status != ENVIRONMENT_OK || *observed != expected ? status : setup_write(context, pa, desired);
}

int setup_clear_page(void *context, uint64_t pa)
{
    const struct setup_environment *setup = context;
    for (uint64_t i = 0; i < PAGE_BYTES; i += 8) {
        uint64_t value = 0;
        if (!machine_peek(setup->machine, pa + i, &value) ||
            (value && !machine_poke(setup->machine, pa + i, 0)))
            return ENVIRONMENT_BAD_ADDRESS;
    }
    return ENVIRONMENT_OK;
}

static int setup_allocate(void *context, uint64_t size_bytes, uint64_t *pa)
{
    const struct setup_environment *setup = context;
    if (!frame_allocate(setup->allocator, frame_block_lg2(size_bytes), pa))
        return ENVIRONMENT_NO_MEMORY;
    int status = ENVIRONMENT_OK;
    for (uint64_t i = 0; i < size_bytes && status == ENVIRONMENT_OK; i += PAGE_BYTES)
        status = setup_clear_page(context, *pa + i);
    return status;
}

static int setup_release(void *context, uint64_t pa, uint64_t size_bytes)
{
    const struct setup_environment *setup = context;
    bool kept = frame_release(setup->allocator, pa, frame_block_lg2(size_bytes));
    return kept ? ENVIRONMENT_OK : ENVIRONMENT_STOPPED;
}

static int setup_barrier(void *context, enum barrier_kind kind)
{
    (void)context;
    (void)kind;
    return ENVIRONMENT_OK;
}

static int setup_invalidate(void *context, const struct invalidation *what)
{
    (void)context;
    (void)what;
    return ENVIRONMENT_OK;
}

static int setup_complete(void *context)
{
    (void)context;
    return ENVIRONMENT_OK;
}

static int setup_lock(void *context, uint64_t pa)
{
    (void)context;
    (void)pa;
    return ENVIRONMENT_OK;
}

struct environment setup_environment(struct setup_environment *setup)
{
    static const struct environment_operations operations = {
        .read = setup_read,
        .write = setup_write,
        .compare_exchange = setup_compare_exchange,
        .allocate_table = setup_allocate,
        .release_table = setup_release,
        .barrier = setup_barrier,
        .invalidate = setup_invalidate,
        .complete = setup_complete,
        .lock = setup_lock,
        .unlock = setup_lock,
    };
    return (struct environment){.operations = &operations, .context = setup};
}
