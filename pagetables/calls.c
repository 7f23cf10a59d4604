#include "pagetables/calls.h"

enum pagetable_result call_result_of(int error)
{
    if (error == ENVIRONMENT_OK)
        return PAGETABLE_OK;
    return error == ENVIRONMENT_NO_MEMORY ? PAGETABLE_NO_MEMORY : PAGETABLE_ENVIRONMENT;
}

enum pagetable_result call_first_of(enum pagetable_result first, enum pagetable_result second)
{
    return first != PAGETABLE_OK ? first : second;
}

enum pagetable_result call_read(const struct environment *environment, uint64_t pa, uint64_t *word)
{
    return call_result_of(environment->operations->read(environment->context, pa, word));
}

enum pagetable_result call_write(const struct environment *environment, uint64_t pa, uint64_t word)
{
    return call_result_of(environment->operations->write(environment->context, pa, word));
}

enum pagetable_result call_barrier(const struct environment *environment, enum barrier_kind kind)
{
    return call_result_of(environment->operations->barrier(environment->context, kind));
}

enum pagetable_result call_invalidate(const struct environment *environment, const struct invalidation *what)
{
    enum pagetable_result result = call_barrier(environment, BARRIER_DSB_ISHST);
    if (result == PAGETABLE_OK)
        result = call_result_of(environment->operations->invalidate(environment->context, what));
    return result == PAGETABLE_OK ? call_barrier(environment, BARRIER_DSB_ISH) : result;
}

enum pagetable_result call_enter(const struct environment *environment, uint64_t lock)
{
    return call_result_of(environment->operations->lock(environment->context, lock));
}

enum pagetable_result call_leave(const struct environment *environment, uint64_t lock,
                                 enum pagetable_result result)
{
    return call_first_of(result, call_result_of(environment->operations->unlock(environment->context, lock)));
}
