#include "tlb/test/model.h"

#include <stdlib.h>
#include <string.h>

enum { NOWHERE = -1 };

bool model_init(struct model *model, const struct tlb_geometry *geometry, enum model_fault fault)
{
    *model = (struct model){.geometry = *geometry, .fault = fault};
    model->entries = calloc((size_t)geometry->entries + 1, sizeof *model->entries);
    return model->entries != NULL;
}

void model_destroy(struct model *model)
{
    free(model->entries);
    *model = (struct model){0};
}

static struct tlb_entry take_out(struct model *model, uint32_t place)
{
    struct tlb_entry entry = model->entries[place];
    model->count--;
    memmove(&model->entries[place], &model->entries[place + 1], (model->count - place) * sizeof entry);
    return entry;
}

static void put_in_front(struct model *model, const struct tlb_entry *entry)
{
    memmove(&model->entries[1], &model->entries[0], model->count * sizeof *entry);
    model->entries[0] = *entry;
    model->count++;
}

static bool contains(const struct tlb_entry *entry, uint64_t va)
{
    return va >= entry->va && va - entry->va < UINT64_C(1) << entry->size_lg2;
}

static bool usable(const struct model *model, const struct tlb_entry *entry, uint16_t asid)
{
    if (model->fault == MODEL_ASID_IGNORED)
        return true;
    if (entry->global && model->fault != MODEL_GLOBAL_NOT_SHARED)
        return true;
    return entry->asid == asid;
}

/* Whether, of two entries that both match, the first is the one that hardware uses. */
static bool goes_before(const struct model *model, const struct tlb_entry *one, const struct tlb_entry *other)
{
    if (one->size_lg2 != other->size_lg2)
        return (one->size_lg2 < other->size_lg2) != (model->fault == MODEL_LARGEST_FIRST);
    return other->global != (model->fault == MODEL_GLOBAL_FIRST);
}

const struct tlb_entry *model_look_up(struct model *model, uint64_t va, uint16_t asid, bool use)
{
    int64_t best = NOWHERE;
    for (uint32_t place = 0; place < model->count; place++) {
        const struct tlb_entry *entry = &model->entries[place];
        if (contains(entry, va) && usable(model, entry, asid) &&
            (best == NOWHERE || goes_before(model, entry, &model->entries[best])))
            best = place;
    }
    if (best == NOWHERE)
        return NULL;
    if (!use || model->fault == MODEL_HIT_IS_NO_USE)
        return &model->entries[best];
    struct tlb_entry entry = take_out(model, (uint32_t)best);
    put_in_front(model, &entry);
    return &model->entries[0];
}

static bool same_set(const struct model *model, const struct tlb_entry *one, const struct tlb_entry *other)
{
    uint64_t sets = model->geometry.entries / model->geometry.ways;
    if (model->fault == MODEL_SET_OF_SMALLEST_PAGE)
        return (one->va / 4096) % sets == (other->va / 4096) % sets;
    return (one->va >> one->size_lg2) % sets == (other->va >> other->size_lg2) % sets;
}

static bool same_page(const struct tlb_entry *one, const struct tlb_entry *other)
{
    return one->va == other->va && one->size_lg2 == other->size_lg2 && one->global == other->global &&
           (one->global || one->asid == other->asid);
}

/* The entry that must make room for a new one. */
static int64_t find_victim(const struct model *model, const struct tlb_entry *entry)
{
    if (model->fault != MODEL_SAME_PAGE_TWICE)
        for (uint32_t place = 0; place < model->count; place++)
            if (same_page(&model->entries[place], entry))
                return place;
    uint32_t neighbours = 0;
    int64_t oldest = NOWHERE;
    int64_t second = NOWHERE;
    for (uint32_t place = 0; place < model->count; place++) {
        if (!same_set(model, &model->entries[place], entry))
            continue;
        neighbours++;
        second = oldest;
        oldest = place;
    }
    if (neighbours < model->geometry.ways)
        return NOWHERE;
    return model->fault == MODEL_SECOND_OLDEST_GOES && second != NOWHERE ? second : oldest;
}

bool model_fill(struct model *model, const struct tlb_entry *entry, struct tlb_entry *victim)
{
    int64_t place = find_victim(model, entry);
    if (place != NOWHERE)
        *victim = take_out(model, (uint32_t)place);
    put_in_front(model, entry);
    return place != NOWHERE;
}

static bool selected(const struct model *model, const struct tlb_selection *selection,
                     const struct tlb_entry *entry)
{
    if (selection->by_va && !contains(entry, selection->va))
        return false;
    if (!entry->global)
        return !selection->by_asid || entry->asid == selection->asid;
    if (model->fault == MODEL_GLOBAL_SURVIVES_VA && selection->by_va)
        return false;
    if (model->fault == MODEL_GLOBAL_DIES_WITH_ASID && !selection->by_va)
        return true;
    return selection->global_too;
}

uint32_t model_invalidate(struct model *model, const struct tlb_selection *selection,
                          struct tlb_entry *dropped)
{
    uint32_t count = 0;
    for (uint32_t place = 0; place < model->count;) {
        if (!selected(model, selection, &model->entries[place])) {
            place++;
            continue;
        }
        dropped[count++] = take_out(model, place);
        if (model->fault == MODEL_ONE_SIZE_DROPPED_BY_VA && selection->by_va)
            break;
    }
    return count;
}
