/*
 * Two stages: pairs of versions, one of the guest's space and one of its second stage, that together
 * translate an address (pagetables/two_stage.h says what hardware makes of two leaves; this is written
 * without its code).
 *
 * A pair holds while both versions do: it may hold from the later beginning to the earlier end, and certainly
 * does from the later certain beginning to the earlier end's beginning. So a use that each of both explains
 * by itself is one that the pair explains, and pairs are weighed as versions are.
 */
#include <stdlib.h>

#include "sim/judge/sighting.h"

#define LOADS (ACCESS_RIGHT(PRIVILEGE_USER, ACCESS_LOAD) | ACCESS_RIGHT(PRIVILEGE_KERNEL, ACCESS_LOAD))
#define KINDS (FRAME_READABLE | FRAME_WRITABLE | FRAME_EXECUTABLE)

/* ---- what both stages make together ---- */

/* The controls of a second stage are not among the events: what any of these make of rights is right. */
static const struct access_controls stage2_controls[] = {{.flags = 0}, {.flags = CONTROL_MXR}};
#define STAGE2_CONTROLS (sizeof stage2_controls / sizeof *stage2_controls)

/* What stage 1 allows, as far as stage 2 does; what MXR makes readable has to be readable there. */
static uint8_t combined_rights(uint8_t first, uint8_t second)
{
    unsigned both = first & second & ACCESS_RIGHTS_ALL;
    return (uint8_t)(second & LOADS ? both | (first & ACCESS_RIGHT_MXR) : both);
}

/* The stricter memory type, unless stage 1 names one that overrides (RISC-V Svpbmt). */
static uint32_t combined_type(const struct walk_format *format, uint32_t first, uint32_t second)
{
    uint32_t named = first & (FRAME_DEVICE | FRAME_NONCACHEABLE);
    if (named && format->stage1_memory_type)
        return named;
    if ((first | second) & FRAME_DEVICE)
        return FRAME_DEVICE;
    return (first | second) & FRAME_NONCACHEABLE;
}

/* Of whom a page is, and in which spaces, stage 1 says alone. */
static uint32_t combined_attributes(const struct walk_format *format, uint32_t first, uint32_t second)
{
    uint32_t kinds = first & second & KINDS;
    return kinds | (first & (FRAME_USER | FRAME_GLOBAL | FRAME_KEY_ALL)) |
           combined_type(format, first, second);
}

static bool rights_match(const struct judge *judge, const struct stage_pair *pair, uint8_t wanted)
{
    const struct version *first = pair->first, *second = pair->second;
    const struct walk_format *format = judge->spaces[second->space].format;
    const uint8_t firsts[] = {first->rights, first->first_rights, first->upgraded_rights};
    const uint8_t seconds[] = {second->rights, second->first_rights, second->upgraded_rights};
    for (unsigned s = 0; s < 3; s++) {
        for (unsigned c = 0; c < STAGE2_CONTROLS; c++) {
            uint8_t now = judge_allowed(judge, format, &stage2_controls[c], seconds[s],
                                        second->mapping.frame.attributes);
            for (unsigned f = 0; f < 3; f++)
                if (combined_rights(firsts[f], now) == wanted)
                    return true;
        }
    }
    return false;
}

static bool attributes_match(const struct judge *judge, const struct stage_pair *pair, uint32_t wanted)
{
    const struct walk_format *format = judge->spaces[pair->first->space].format;
    const uint32_t firsts[] = {pair->first->mapping.frame.attributes, pair->first->upgraded_attributes};
    const uint32_t seconds[] = {pair->second->mapping.frame.attributes, pair->second->upgraded_attributes};
    for (unsigned i = 0; i < 4; i++)
        if (combined_attributes(format, firsts[i / 2], seconds[i % 2]) == wanted)
            return true;
    return wanted == ATTRIBUTES_ANY;
}

uint8_t stage2_allows(const struct judge *judge, const struct version *version, bool always)
{
    const struct walk_format *format = judge->spaces[version->space].format;
    unsigned some = 0, all = ACCESS_RIGHTS_ALL;
    for (unsigned c = 0; c < STAGE2_CONTROLS; c++) {
        unsigned now = judge_allowed(judge, format, &stage2_controls[c], version->rights,
                                     version->mapping.frame.attributes);
        some |= now;
        all &= now;
    }
    return (uint8_t)(always ? all : some);
}

/* ---- pairs ---- */

static uint64_t greater(uint64_t one, uint64_t other)
{
    return one > other ? one : other;
}

static uint64_t lesser(uint64_t one, uint64_t other)
{
    return one < other ? one : other;
}

static uint64_t translated(const struct version *version, uint64_t address)
{
    return version->mapping.frame.base + (address - version->mapping.va);
}

static struct mapping combined_mapping(const struct judge *judge, const struct stage_pair *pair, uint64_t va)
{
    const struct frame *first = &pair->first->mapping.frame, *second = &pair->second->mapping.frame;
    uint8_t size_lg2 = first->size_lg2 < second->size_lg2 ? first->size_lg2 : second->size_lg2;
    uint64_t in_page = va & ((UINT64_C(1) << size_lg2) - 1);
    uint64_t pa = translated(pair->second, translated(pair->first, va));
    return (struct mapping){
        .va = va - in_page,
        .frame = {.base = pa - in_page,
                  .attributes = combined_attributes(judge->spaces[pair->first->space].format,
                                                    first->attributes, second->attributes),
                  .size_lg2 = size_lg2}};
}

/* Since when an equal pair, one of which is forgotten, may have been there. */
static uint64_t forgotten_since(const struct version *first, const struct version *second, uint64_t begin)
{
    uint64_t since = greater(lesser(first->created.begin, first->forgotten_since),
                             lesser(second->created.begin, second->forgotten_since));
    return since < begin ? since : EVENT_NEVER;
}

static void combine_time(struct stage_pair *pair)
{
    const struct version *first = pair->first, *second = pair->second;
    const struct version *last = first->created.begin > second->created.begin ? first : second;
    const struct version *ended = first->ended.end <= second->ended.end ? first : second;
    pair->both.created = (struct window){greater(first->created.begin, second->created.begin),
                                         greater(first->created.end, second->created.end)};
    pair->both.ended = (struct window){lesser(first->ended.begin, second->ended.begin),
                                       lesser(first->ended.end, second->ended.end)};
    pair->both.created_by = last->created_by;
    pair->both.ended_by = ended->ended_by;
    pair->both.invalidation = ended->invalidation;
    pair->both.ended_by_protect = ended->ended_by_protect;
    pair->both.forgotten_since = forgotten_since(first, second, pair->both.created.begin);
}

static void combine(const struct judge *judge, const struct sighting *sighting, struct stage_pair *pair)
{
    const struct version *first = pair->first;
    struct version *both = &pair->both;
    combine_time(pair);
    both->mapping = combined_mapping(judge, pair, sighting->va);
    both->space = first->space;
    both->rights = combined_rights(first->rights, pair->second->rights);
    pair->place = both->mapping.frame.size_lg2 == sighting->size_lg2 &&
                  both->mapping.frame.base + (sighting->va - both->mapping.va) == sighting->pa;
    pair->same = pair->place && rights_match(judge, pair, sighting->rights) &&
                 attributes_match(judge, pair, sighting->attributes);
    pair->allowed = 0;
    if (pair->place)
        pair->allowed =
            controls_allow(judge, first, &sighting->controls) & stage2_allows(judge, pair->second, false);
}

/* ---- all of them ---- */

/* The versions of stage 1, the space's own ones first. */
struct first_cursor {
    struct version_cursor versions;
    bool global;
};

static struct first_cursor first_cursor_make(const struct judge *judge, const struct sighting *sighting)
{
    return (struct first_cursor){.versions = version_cursor_make(&judge->index, sighting->space, sighting->va,
                                                                 judge->spaces[sighting->space].sizes_used)};
}

static const struct version *first_next(const struct judge *judge, const struct sighting *sighting,
                                        struct first_cursor *cursor)
{
    const struct version *version;
    for (;;) {
        while ((version = version_next(&cursor->versions)))
            if (!cursor->global || sighting_served(judge, version, sighting->space))
                return version;
        if (cursor->global)
            return NULL;
        cursor->global = true;
        cursor->versions =
            version_cursor_make(&judge->index, SPACE_GLOBAL, sighting->va, judge->global_sizes);
    }
}

static struct version_cursor second_cursor_make(const struct judge *judge, const struct sighting *sighting,
                                                const struct version *first)
{
    uint32_t stage2 = judge->spaces[sighting->space].stage2;
    return version_cursor_make(&judge->index, stage2, translated(first, sighting->va),
                               judge->spaces[stage2].sizes_used);
}

static bool keep_pair(struct judge *judge, const struct stage_pair *pair)
{
    struct stage_pairs *pairs = &judge->pairs;
    if (pairs->count == pairs->capacity) {
        struct stage_pair *grown = judge_grow(judge, pairs->list, &pairs->capacity, sizeof *grown);
        if (!grown)
            return false;
        pairs->list = grown;
    }
    pairs->list[pairs->count++] = *pair;
    return true;
}

static struct weight weight_of(const struct stage_pair *pair, const struct sighting *sighting)
{
    return (struct weight){.version = &pair->both,
                           .own = pair->first->space == sighting->space,
                           .same = pair->same,
                           .place = pair->place,
                           .permitted = !sighting->right || pair->allowed & sighting->right};
}

static bool explains(const struct stage_pair *pair, const struct sighting *sighting)
{
    struct weight weight = weight_of(pair, sighting);
    return weight.own && weight.same && weight.permitted && version_allows(&pair->both, &sighting->use);
}

/* As most uses are: by the rights and attributes that both mappings have, without the variants of either. */
static bool explain_at_once(const struct judge *judge, const struct version *first,
                            const struct version *second, const struct sighting *sighting)
{
    const struct frame *one = &first->mapping.frame, *other = &second->mapping.frame;
    uint8_t size_lg2 = one->size_lg2 < other->size_lg2 ? one->size_lg2 : other->size_lg2;
    if (first->space != sighting->space || size_lg2 != sighting->size_lg2 ||
        !version_allows(first, &sighting->use) || !version_allows(second, &sighting->use) ||
        translated(second, translated(first, sighting->va)) != sighting->pa ||
        combined_rights(first->rights, second->rights) != sighting->rights)
        return false;
    if (sighting->attributes != ATTRIBUTES_ANY &&
        sighting->attributes !=
            combined_attributes(judge->spaces[first->space].format, one->attributes, other->attributes))
        return false;
    return !sighting->right ||
           controls_allow(judge, first, &sighting->controls) & second->rights & sighting->right;
}

/* Keeps all pairs that say something of the sighting. True, if one explains it, or no memory is left. */
static bool collect(struct judge *judge, const struct sighting *sighting, const struct version *first)
{
    struct version_cursor seconds = second_cursor_make(judge, sighting, first);
    struct stage_pair pair = {.first = first};
    while ((pair.second = version_next(&seconds))) {
        if (explain_at_once(judge, first, pair.second, sighting))
            return true;
        combine(judge, sighting, &pair);
        if (explains(&pair, sighting))
            return true;
        bool present = first->space == sighting->space && version_overlaps(&pair.both, &sighting->use);
        if ((pair.same || present) && !keep_pair(judge, &pair))
            return true;
    }
    return false;
}

/* What is forgotten of either stage, as far as it can be told which intermediate address it was. */
static struct forgotten forgotten_of(const struct judge *judge, const struct sighting *sighting)
{
    const struct space *space = &judge->spaces[sighting->space];
    struct first_cursor firsts = first_cursor_make(judge, sighting);
    struct forgotten forgotten = {0};
    const struct version *first;
    sighting_add_forgotten(judge, &forgotten, sighting->va, sighting->space, space->sizes_used);
    sighting_add_forgotten(judge, &forgotten, sighting->va, SPACE_GLOBAL, judge->global_sizes);
    while ((first = first_next(judge, sighting, &firsts)))
        sighting_add_forgotten(judge, &forgotten, translated(first, sighting->va), space->stage2,
                               judge->spaces[space->stage2].sizes_used);
    return forgotten;
}

struct verdict stages_examine(struct judge *judge, const struct sighting *sighting)
{
    struct first_cursor firsts = first_cursor_make(judge, sighting);
    struct tally tally = {0};
    const struct version *first;
    bool certain = false;
    judge->pairs.count = 0;
    while ((first = first_next(judge, sighting, &firsts))) {
        certain |= first->space == sighting->space && version_certain(first, &sighting->use);
        if (collect(judge, sighting, first))
            return (struct verdict){RULE_NONE, NULL};
    }
    for (size_t i = 0; i < judge->pairs.count; i++) {
        struct weight weight = weight_of(&judge->pairs.list[i], sighting);
        sighting_weigh(&tally, &weight, &sighting->use);
    }
    if (tally.foreign && !certain)
        return (struct verdict){RULE_NONE, NULL};
    struct forgotten forgotten = forgotten_of(judge, sighting);
    return sighting_conclude(judge, &tally, &forgotten, sighting);
}

/* ---- the time of an entry ---- */

static bool collect_same(struct judge *judge, const struct sighting *sighting, const struct version *first)
{
    struct version_cursor seconds = second_cursor_make(judge, sighting, first);
    struct stage_pair pair = {.first = first};
    while ((pair.second = version_next(&seconds))) {
        combine(judge, sighting, &pair);
        if (pair.same && !keep_pair(judge, &pair))
            return false;
    }
    return true;
}

const struct version *stages_reach(struct judge *judge, const struct sighting *sighting)
{
    struct first_cursor firsts = first_cursor_make(judge, sighting);
    const struct version *first, *reach = NULL;
    bool extended = true;
    judge->pairs.count = 0;
    while ((first = first_next(judge, sighting, &firsts)))
        if (!collect_same(judge, sighting, first))
            return NULL;
    while (extended) {
        extended = false;
        for (size_t i = 0; i < judge->pairs.count; i++)
            extended |= sighting_joins(sighting, &judge->pairs.list[i].both, &reach);
    }
    return reach;
}

void stages_destroy(struct judge *judge)
{
    free(judge->pairs.list);
}
