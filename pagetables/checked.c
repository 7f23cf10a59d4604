#include "pagetables/checked.h"

static bool has_size(const struct pagetable_checked *checked, unsigned size_lg2)
{
    const struct walk_format *format = checked->format;
    if (checked->table->lacks_sizes >> size_lg2 & 1)
        return false;
    for (unsigned i = 0; i < format->frame_sizes; i++)
        if (format->frame_size_lg2[i] == size_lg2)
            return true;
    return false;
}

/* [base, base + bytes) lies in [0, limit). */
static bool within(uint64_t base, uint64_t bytes, uint64_t limit)
{
    return bytes <= limit && base <= limit - bytes;
}

static enum pagetable_result check_base(const struct walk_format *format, uint64_t va)
{
    uint64_t page_bytes = UINT64_C(1) << format->page_lg2;
    if (va & (page_bytes - 1))
        return PAGETABLE_UNALIGNED;
    return walk_format_reaches(format, va, page_bytes) ? PAGETABLE_OK : PAGETABLE_OUT_OF_RANGE;
}

enum pagetable_result pagetable_checked_map(const struct pagetable_checked *checked,
                                            const struct environment *environment, uint64_t va,
                                            const struct frame *frame)
{
    if (!has_size(checked, frame->size_lg2))
        return PAGETABLE_BAD_SIZE;
    uint64_t bytes = frame_size_bytes(frame);
    if ((va | frame->base) & (bytes - 1))
        return PAGETABLE_UNALIGNED;
    if (!walk_format_reaches(checked->format, va, bytes) ||
        !within(frame->base, bytes, checked->physical_bytes))
        return PAGETABLE_OUT_OF_RANGE;
    if (!checked->aliasing_allowed && abstract_map_overlaps_pa(checked->mappings, frame->base, bytes, NULL))
        return PAGETABLE_FRAME_IN_USE;
    return checked->table->map(checked->state, environment, va, frame);
}

enum pagetable_result pagetable_checked_unmap(const struct pagetable_checked *checked,
                                              const struct environment *environment, uint64_t va)
{
    enum pagetable_result result = check_base(checked->format, va);
    return result == PAGETABLE_OK ? checked->table->unmap(checked->state, environment, va) : result;
}

enum pagetable_result pagetable_checked_protect(const struct pagetable_checked *checked,
                                                const struct environment *environment, uint64_t va,
                                                uint32_t attributes)
{
    enum pagetable_result result = check_base(checked->format, va);
    return result == PAGETABLE_OK ? checked->table->protect(checked->state, environment, va, attributes)
                                  : result;
}

enum pagetable_result pagetable_checked_query(const struct pagetable_checked *checked,
                                              const struct environment *environment, uint64_t va,
                                              struct mapping *found)
{
    if (!walk_format_reaches(checked->format, va, 1))
        return PAGETABLE_OUT_OF_RANGE;
    return checked->table->query(checked->state, environment, va, found);
}
