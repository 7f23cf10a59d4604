#include "pagetables/passing.h"

static const struct environment *behind(void *context)
{
    return context;
}

int passing_read(void *context, uint64_t pa, uint64_t *value)
{
    return behind(context)->operations->read(behind(context)->context, pa, value);
}

int passing_write(void *context, uint64_t pa, uint64_t value)
{
    return behind(context)->operations->write(behind(context)->context, pa, value);
}

int passing_compare_exchange(void *context, uint64_t pa, uint64_t expected, uint64_t desired,
                             uint64_t *observed)
{
    return behind(context)->operations->compare_exchange(behind(context)->context, pa, expected, desired,
                                                         observed);
}

int passing_allocate_table(void *context, uint64_t size_bytes, uint64_t *pa)
{
    return behind(context)->operations->allocate_table(behind(context)->context, size_bytes, pa);
}

int passing_release_table(void *context, uint64_t pa, uint64_t size_bytes)
{
    return behind(context)->operations->release_table(behind(context)->context, pa, size_bytes);
}

int passing_barrier(void *context, enum barrier_kind kind)
{
    return behind(context)->operations->barrier(behind(context)->context, kind);
}

int passing_invalidate(void *context, const struct invalidation *what)
{
    return behind(context)->operations->invalidate(behind(context)->context, what);
}

int passing_complete(void *context)
{
    return behind(context)->operations->complete(behind(context)->context);
}

int passing_lock(void *context, uint64_t pa)
{
    return behind(context)->operations->lock(behind(context)->context, pa);
}

int passing_unlock(void *context, uint64_t pa)
{
    return behind(context)->operations->unlock(behind(context)->context, pa);
}
