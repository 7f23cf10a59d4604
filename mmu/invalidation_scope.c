#include "mmu/invalidation_scope.h"

bool invalidation_names_address(const struct invalidation *what)
{
    return what->scope == INVALIDATE_VA || what->scope == INVALIDATE_VA_ALL_ASIDS;
}

static uint64_t last_address(const struct invalidation *what)
{
    uint64_t last = what->va + (what->size_bytes ? what->size_bytes - 1 : 0);
    return last < what->va ? UINT64_MAX : last;
}

struct tlb_selection invalidation_selection(const struct invalidation *what)
{
    return (struct tlb_selection){.va = what->va,
                                  .last_va = last_address(what),
                                  .asid = what->asid,
                                  .vmid = what->vmid,
                                  .by_va = invalidation_names_address(what),
                                  .by_asid = what->scope == INVALIDATE_VA || what->scope == INVALIDATE_ASID,
                                  .by_vmid = true,
                                  .global_too = what->scope != INVALIDATE_ASID};
}

bool invalidation_selects(const struct invalidation *what, uint64_t va, uint8_t size_lg2, uint16_t asid,
                          uint16_t vmid)
{
    if (what->vmid != vmid)
        return false;
    switch (what->scope) {
    case INVALIDATE_VA:
    case INVALIDATE_VA_ALL_ASIDS:
        return va >> size_lg2 <= last_address(what) >> size_lg2 && what->va >> size_lg2 <= va >> size_lg2;
    case INVALIDATE_ASID:
        return what->asid == asid;
    case INVALIDATE_IPA:
        return false;
    default:
        return true;
    }
}

bool invalidation_selects_tables(const struct invalidation *what, enum ordering ordering, bool keeps_tables,
                                 struct tlb_selection *selection)
{
    *selection = invalidation_selection(what);
    if (what->scope == INVALIDATE_IPA || !invalidation_names_address(what))
        return what->scope != INVALIDATE_IPA;
    if (keeps_tables)
        return false;
    switch (ordering) {
    case ORDERING_X86:
        selection->by_va = false;
        return true;
    case ORDERING_RISCV:
        return false;
    default:
        return !what->last_level_only;
    }
}

/*
 * A walk depends on the entries that led to the table which it reads, and finds its leaf there: on no others.
 * Where the format cannot say which addresses that table translates, every invalidation of its space counts;
 * it can only while the walk wants to read entries, not while one is being changed. So does every one where
 * the walk may find a range, which reaches beyond what the table translates.
 *
 * So a walk that is about to change an entry of a table is waited for by whoever unlinks that table and
 * invalidates what it translated: the update never comes behind the acknowledgement.
 */
bool invalidation_concerns_walk(const struct invalidation *what, const struct walk_state *walk, bool updating,
                                uint16_t asid, uint16_t vmid)
{
    const struct walk_format *format = walk->regime->format;
    struct walk_table table;
    bool anywhere = updating || format->ranges || !format->table || !format->table(walk, &table);
    return invalidation_selects(what, anywhere ? what->va : table.va, anywhere ? 0 : table.span_lg2, asid,
                                vmid);
}

bool invalidation_concerns_nested_walk(const struct invalidation *what, uint16_t asid, uint16_t vmid)
{
    return what->vmid == vmid && (what->scope != INVALIDATE_ASID || what->asid == asid);
}
