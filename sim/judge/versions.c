#include "sim/judge/versions.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define SLAB_THINGS    256u
#define CACHE_LINE     64u
#define CAPACITY_FIRST 1024u
#define ENDED_KEPT     8u /* a region keeps so many different ended versions whatever their age */

static_assert(sizeof(struct version) == 2 * CACHE_LINE, "the first cache line of a version is what is read");
static_assert(SLAB_THINGS <= UINT8_MAX + 1, "a version's place in its slab is one byte");

/* ---- slabs ---- */

static void *slabs_at(const struct slabs *slabs, size_t number, size_t bytes)
{
    return (char *)slabs->list[number / SLAB_THINGS] + number % SLAB_THINGS * bytes;
}

/* The next thing, undefined; NULL if there is no memory. Behind the things of a slab follow `beside` bytes
 * for each. */
static void *slabs_take(struct slabs *slabs, size_t bytes, size_t beside)
{
    if (slabs->used == slabs->count * SLAB_THINGS) {
        void **list = realloc(slabs->list, (slabs->count + 1) * sizeof *list);
        if (!list)
            return NULL;
        slabs->list = list;
        list[slabs->count] = aligned_alloc(CACHE_LINE, SLAB_THINGS * (bytes + beside));
        if (!list[slabs->count])
            return NULL;
        slabs->count++;
    }
    return slabs_at(slabs, slabs->used++, bytes);
}

static void slabs_destroy(struct slabs *slabs)
{
    for (size_t i = 0; i < slabs->count; i++)
        free(slabs->list[i]);
    free(slabs->list);
}

/* ---- regions ---- */

static uint32_t hash(const struct region_key *key)
{
    uint64_t word = key->number * UINT64_C(0x9e3779b97f4a7c15);
    word ^= ((uint64_t)key->space << 8 | key->size_lg2 | (key->physical ? 0x80u : 0)) *
            UINT64_C(0xd6e8feb86659fd93);
    word ^= word >> 32;
    word *= UINT64_C(0xd6e8feb86659fd93);
    return (uint32_t)(word ^ word >> 29);
}

static bool same_key(const struct region_key *one, const struct region_key *other)
{
    return one->number == other->number && one->space == other->space && one->size_lg2 == other->size_lg2 &&
           one->physical == other->physical;
}

bool versions_init(struct version_index *index)
{
    memset(index, 0, sizeof *index);
    index->capacity = CAPACITY_FIRST;
    index->slots = calloc(index->capacity, sizeof *index->slots);
    return index->slots != NULL;
}

void versions_destroy(struct version_index *index)
{
    slabs_destroy(&index->regions);
    slabs_destroy(&index->all_versions);
    free(index->slots);
    memset(index, 0, sizeof *index);
}

static struct region *region_at(const struct version_index *index, uint32_t number)
{
    return slabs_at(&index->regions, number - 1, sizeof(struct region));
}

static struct region *find_hashed(const struct version_index *index, const struct region_key *key,
                                  uint32_t hashed)
{
    size_t mask = index->capacity - 1;
    for (size_t slot = hashed & mask; index->slots[slot].number; slot = (slot + 1) & mask) {
        if (index->slots[slot].hash != hashed)
            continue;
        struct region *region = region_at(index, index->slots[slot].number);
        if (same_key(&region->key, key))
            return region;
    }
    return NULL;
}

struct region *region_find(const struct version_index *index, const struct region_key *key)
{
    return find_hashed(index, key, hash(key));
}

static void put_in(struct region_slot *slots, size_t capacity, struct region_slot place)
{
    size_t slot = place.hash & (capacity - 1);
    while (slots[slot].number)
        slot = (slot + 1) & (capacity - 1);
    slots[slot] = place;
}

static bool grow(struct version_index *index)
{
    size_t capacity = index->capacity * 2;
    struct region_slot *slots = calloc(capacity, sizeof *slots);
    if (!slots)
        return false;
    for (size_t i = 0; i < index->capacity; i++)
        if (index->slots[i].number)
            put_in(slots, capacity, index->slots[i]);
    free(index->slots);
    index->slots = slots;
    index->capacity = capacity;
    return true;
}

static struct region *find_or_make(struct version_index *index, const struct region_key *key)
{
    uint32_t hashed = hash(key);
    struct region *region = find_hashed(index, key, hashed);
    if (region)
        return region;
    if ((index->regions.used + 1) * 2 > index->capacity && !grow(index))
        return NULL;
    if (index->regions.used < UINT32_MAX / 4)
        region = slabs_take(&index->regions, sizeof *region, 0);
    if (!region)
        return NULL;
    *region = (struct region){.key = *key};
    put_in(index->slots, index->capacity, (struct region_slot){hashed, (uint32_t)index->regions.used});
    return region;
}

static unsigned least_bit(uint64_t set)
{
    return (unsigned)__builtin_ctzll(set);
}

struct version_cursor version_cursor_make(const struct version_index *index, uint32_t space, uint64_t va,
                                          uint64_t sizes)
{
    return (struct version_cursor){.index = index, .va = va, .sizes = sizes, .space = space};
}

/* `older` is read only if somebody asks for more: it is in the second cache line. */
struct version *version_next(struct version_cursor *cursor)
{
    struct version *version = cursor->last ? cursor->last->older : NULL;
    while (!version && cursor->sizes) {
        unsigned size_lg2 = least_bit(cursor->sizes);
        struct region_key key = {
            .number = cursor->va >> size_lg2, .space = cursor->space, .size_lg2 = (uint8_t)size_lg2};
        cursor->sizes &= cursor->sizes - 1;
        const struct region *region = region_find(cursor->index, &key);
        version = region ? region->newest : NULL;
    }
    cursor->last = version;
    return version;
}

struct version *version_live_at(const struct version_index *index, uint32_t space, uint64_t va,
                                uint64_t sizes)
{
    for (; sizes; sizes &= sizes - 1) {
        unsigned size_lg2 = least_bit(sizes);
        struct region_key key = {.number = va >> size_lg2, .space = space, .size_lg2 = (uint8_t)size_lg2};
        const struct region *region = region_find(index, &key);
        if (region && region->newest && version_live(region->newest))
            return region->newest;
    }
    return NULL;
}

/* The version's page, virtual or physical. */
static struct region_key place_of(const struct version *version, uint32_t space, bool physical)
{
    uint8_t size_lg2 = version->mapping.frame.size_lg2;
    uint64_t address = physical ? version->mapping.frame.base : version->mapping.va;
    return (struct region_key){
        .number = address >> size_lg2, .space = space, .size_lg2 = size_lg2, .physical = physical};
}

/* The region of another size that contains the region of the key. */
static struct region_key containing(const struct region_key *key, unsigned size_lg2)
{
    struct region_key larger = *key;
    larger.number = key->number >> (size_lg2 - key->size_lg2);
    larger.size_lg2 = (uint8_t)size_lg2;
    return larger;
}

/* Adds `change` to the live counts of the place and everything around it, making the regions if need be. */
static bool count_live(struct version_index *index, const struct region_key *place, uint64_t sizes,
                       int change)
{
    for (uint64_t left = sizes >> place->size_lg2 << place->size_lg2; left; left &= left - 1) {
        struct region_key key = containing(place, least_bit(left));
        struct region *region = find_or_make(index, &key);
        if (!region)
            return false;
        region->live_within += (uint64_t)(int64_t)change;
        if (key.size_lg2 == place->size_lg2)
            region->live += (uint64_t)(int64_t)change;
    }
    return true;
}

static void note_end(struct version_index *index, const struct region_key *place, uint64_t sizes,
                     uint64_t end)
{
    for (uint64_t left = sizes >> place->size_lg2 << place->size_lg2; left; left &= left - 1) {
        struct region_key key = containing(place, least_bit(left));
        struct region *region = region_find(index, &key);
        if (region && region->last_end_within < end)
            region->last_end_within = end;
        if (region && key.size_lg2 == place->size_lg2 && region->last_end < end)
            region->last_end = end;
    }
}

static struct version *take_version(struct version_index *index)
{
    struct version *version = index->free_versions;
    if (version) {
        index->free_versions = version->older;
        return version;
    }
    version = slabs_take(&index->all_versions, sizeof *version, sizeof(struct version_order));
    if (version)
        version->place = (uint8_t)((index->all_versions.used - 1) % SLAB_THINGS);
    return version;
}

static struct version *new_version(struct version_index *index, const struct version *model)
{
    struct version *version = take_version(index);
    if (!version)
        return NULL;
    uint8_t place = version->place;
    *version = *model;
    version->place = place;
    version->twin = NULL;
    version->older = NULL;
    version->forgotten_since = EVENT_NEVER;
    index->versions++;
    return version;
}

struct version_order *version_order(const struct version *version)
{
    const struct version *first = version - version->place;
    return (struct version_order *)(first + SLAB_THINGS) + version->place;
}

static struct version *link_version(struct version_index *index, const struct version *model, uint32_t space)
{
    struct region_key key = place_of(model, space, false);
    struct region *region = find_or_make(index, &key);
    struct version *version = region ? new_version(index, model) : NULL;
    if (!version)
        return NULL;
    version->older = region->newest;
    region->newest = version;
    return version;
}

struct version *version_add(struct version_index *index, const struct version *model, uint64_t sizes)
{
    struct region_key page = place_of(model, model->space, false);
    struct region_key frame = place_of(model, model->space, true);
    if (!count_live(index, &page, sizes, 1) || !count_live(index, &frame, sizes, 1))
        return NULL;
    struct version *version = link_version(index, model, model->space);
    if (!version || !(model->mapping.frame.attributes & FRAME_GLOBAL))
        return version;
    version->twin = link_version(index, model, SPACE_GLOBAL);
    if (!version->twin)
        return NULL;
    version->twin->twin = version;
    return version;
}

static void count_ended(struct version_index *index, const struct version *version, uint32_t space)
{
    struct region_key key = place_of(version, space, false);
    struct region *region = region_find(index, &key);
    if (region)
        region->ended++;
}

bool version_end(struct version_index *index, struct version *version, uint64_t sizes)
{
    struct region_key page = place_of(version, version->space, false);
    struct region_key frame = place_of(version, version->space, true);
    count_ended(index, version, version->space);
    if (version->twin)
        count_ended(index, version, SPACE_GLOBAL);
    version_refresh(index, version, sizes);
    return count_live(index, &page, sizes, -1) && count_live(index, &frame, sizes, -1);
}

void version_refresh(struct version_index *index, struct version *version, uint64_t sizes)
{
    struct version *twin = version->twin;
    if (twin) {
        twin->created = version->created;
        twin->ended = version->ended;
        twin->ended_by = version->ended_by;
        twin->invalidation = version->invalidation;
        twin->fixed = version->fixed;
        twin->ended_by_protect = version->ended_by_protect;
    }
    if (version_live(version))
        return;
    struct region_key page = place_of(version, version->space, false);
    struct region_key frame = place_of(version, version->space, true);
    note_end(index, &page, sizes, version_order(version)->ended_return);
    note_end(index, &frame, sizes, version_order(version)->ended_return);
}

static bool same_mapping(const struct version *one, const struct version *other)
{
    return one->mapping.frame.base == other->mapping.frame.base &&
           one->mapping.frame.attributes == other->mapping.frame.attributes && one->space == other->space &&
           one->rights == other->rights && one->first_rights == other->first_rights;
}

/* A younger version that is the same and follows without a gap stands for the forgotten one as well. */
static void inherit(struct version *newest, const struct version *old)
{
    for (struct version *version = newest; version && version != old; version = version->older)
        if (same_mapping(version, old) && version->created.begin <= old->ended.end + 1 &&
            version->created.begin > old->created.begin)
            version->created.begin = old->created.begin;
}

static bool forgettable(const struct version *version, uint64_t cycle)
{
    return version->fixed == (VERSION_CREATED_FIXED | VERSION_ENDED_FIXED) && version->ended.end < cycle;
}

static uint64_t since(const struct version *version)
{
    return version->forgotten_since < version->created.begin ? version->forgotten_since
                                                             : version->created.begin;
}

/* The next younger one of the same translation, if it has ended as long ago: it tells of the old one, too. */
static struct version *repeated(struct version *newest, const struct version *old, uint64_t cycle)
{
    struct version *repeat = NULL;
    for (struct version *version = newest; version && version != old; version = version->older)
        if (forgettable(version, cycle) && same_mapping(version, old))
            repeat = version;
    return repeat;
}

static void forget_one(struct version_index *index, struct region *region, struct version **link)
{
    struct version *version = *link;
    inherit(region->newest, version);
    if (region->forgotten_end < version->ended.end)
        region->forgotten_end = version->ended.end;
    if (version->twin)
        version->twin->twin = NULL;
    *link = version->older;
    region->ended--;
    version->older = index->free_versions;
    index->free_versions = version;
    index->versions--;
}

static bool forget_due_in(const struct region *region)
{
    return region && region->ended > ENDED_KEPT && region->ended >= region->sweep_at;
}

static void forget_in(struct version_index *index, struct region *region, uint64_t cycle)
{
    if (!forget_due_in(region))
        return;
    struct version **link = &region->newest;
    unsigned different = 0;
    while (*link) {
        struct version *version = *link;
        bool old = forgettable(version, cycle);
        struct version *repeat = old ? repeated(region->newest, version, cycle) : NULL;
        different += old && !repeat;
        if (!old || (!repeat && different <= ENDED_KEPT)) {
            link = &version->older;
            continue;
        }
        if (repeat)
            repeat->forgotten_since = since(version);
        else
            region->lost = true;
        forget_one(index, region, link);
    }
    region->sweep_at = region->ended * 2;
}

bool version_forget_due(const struct version_index *index, const struct version *version)
{
    struct region_key own = place_of(version, version->space, false);
    struct region_key global = place_of(version, SPACE_GLOBAL, false);
    return forget_due_in(region_find(index, &own)) || forget_due_in(region_find(index, &global));
}

void version_forget(struct version_index *index, const struct version *version, uint64_t cycle)
{
    /* The version itself may be among the forgotten: nothing of it is read after the first. */
    struct region_key own = place_of(version, version->space, false);
    struct region_key global = place_of(version, SPACE_GLOBAL, false);
    struct region *region = region_find(index, &own);
    forget_in(index, region, cycle);
    region = region_find(index, &global);
    forget_in(index, region, cycle);
}

bool region_overlaps(const struct version_index *index, const struct region_key *key, uint64_t sizes,
                     uint64_t since)
{
    const struct region *region = region_find(index, key);
    if (region && (region->live_within || (region->last_end_within && region->last_end_within >= since)))
        return true;
    for (uint64_t left = sizes >> key->size_lg2 << key->size_lg2; left; left &= left - 1) {
        struct region_key larger = containing(key, least_bit(left));
        region = region_find(index, &larger);
        if (region && (region->live || (region->last_end && region->last_end >= since)))
            return true;
    }
    return false;
}
