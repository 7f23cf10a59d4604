#include "pagetables/plain_table.h"

#include "pagetables/calls.h"

enum pagetable_result plain_create(struct plain_table *table, const struct environment *environment,
                                   const struct pagetable_config *config, const struct walk_format *format)
{
    if (config->format != format)
        return PAGETABLE_UNSUPPORTED;
    *table = (struct plain_table){.asid = config->asid,
                                  .vmid = config->vmid,
                                  .every_asid = config->every_asid,
                                  .descriptor_is_cached = format->table != NULL};
    return call_result_of(
        environment->operations->allocate_table(environment->context, PLAIN_DESCRIPTOR_BYTES, &table->root));
}

enum pagetable_result plain_destroy(const struct plain_table *table, const struct environment *environment)
{
    return call_result_of(
        environment->operations->release_table(environment->context, table->root, PLAIN_DESCRIPTOR_BYTES));
}

uint64_t plain_root(const void *state)
{
    return ((const struct plain_table *)state)->root;
}

/* ---- invalidations ---- */

enum pagetable_result plain_invalidate_page(const struct plain_table *table,
                                            const struct environment *environment, uint64_t va, bool global)
{
    bool all = global || table->every_asid;
    const struct invalidation what = {.va = va,
                                      .asid = table->asid,
                                      .vmid = table->vmid,
                                      .scope = all ? INVALIDATE_VA_ALL_ASIDS : INVALIDATE_VA,
                                      .broadcast = true,
                                      .last_level_only = table->descriptor_is_cached};
    return call_invalidate(environment, &what);
}

enum pagetable_result plain_invalidate_space(const struct plain_table *table,
                                             const struct environment *environment, bool global)
{
    bool all = global || table->every_asid;
    const struct invalidation what = {.asid = table->asid,
                                      .vmid = table->vmid,
                                      .scope = all ? INVALIDATE_ALL : INVALIDATE_ASID,
                                      .broadcast = true};
    return call_invalidate(environment, &what);
}

/* ---- leaves ---- */

enum pagetable_result plain_protect(const struct plain_table *table, const struct environment *environment,
                                    const struct plain_page *page, uint32_t attributes)
{
    if (!plain_expresses(attributes))
        return PAGETABLE_UNSUPPORTED;
    struct frame frame = plain_decode(page->leaf, plain_size_lg2(page->size));
    bool global = (frame.attributes | attributes) & FRAME_GLOBAL;
    frame.attributes = attributes;
    uint64_t after = plain_encode(&frame);
    if (after == page->leaf)
        return PAGETABLE_OK;
    bool through_invalid = plain_must_break(page->leaf, after);
    enum pagetable_result result = call_write(environment, page->leaf_pa, through_invalid ? 0 : after);
    if (result == PAGETABLE_OK)
        result = plain_invalidate_page(table, environment, page->va, global);
    if (result == PAGETABLE_OK && through_invalid)
        result = call_write(environment, page->leaf_pa, after);
    if (result == PAGETABLE_OK && through_invalid)
        result = call_barrier(environment, BARRIER_DSB_ISHST);
    return result == PAGETABLE_OK ? call_barrier(environment, BARRIER_ISB) : result;
}
