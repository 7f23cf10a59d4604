/* What the versions say of a translation that somebody used: whether one of them explains it, or why not. */
#include "sim/judge/sighting.h"

/* The size of one entry of a run of contiguous ones; 0 if the frame is none. */
static unsigned part_of_run(const struct space *space, unsigned size_lg2)
{
    uint64_t singles = space->sizes & ~space->format->run_sizes & ((UINT64_C(1) << size_lg2) - 1);
    bool run = space->format->run_sizes >> size_lg2 & 1;
    return run && singles ? 63 - (unsigned)__builtin_clzll(singles) : 0;
}

/* Of a run, TLBs may hold one entry alone (Arm ARM DDI 0487, D8.7.1). */
static bool same_size(const struct judge *judge, const struct version *version,
                      const struct sighting *sighting)
{
    const struct space *space = &judge->spaces[version->space];
    unsigned size_lg2 = version->mapping.frame.size_lg2;
    return size_lg2 == sighting->size_lg2 || (judge->config.single_entries && !space->stage2 &&
                                              part_of_run(space, size_lg2) == sighting->size_lg2);
}

static bool same_place(const struct judge *judge, const struct version *version,
                       const struct sighting *sighting)
{
    const struct mapping *mapping = &version->mapping;
    return same_size(judge, version, sighting) &&
           mapping->frame.base + (sighting->va - mapping->va) == sighting->pa;
}

static bool same_translation(const struct judge *judge, const struct version *version,
                             const struct sighting *sighting)
{
    return same_place(judge, version, sighting) &&
           (version->rights == sighting->rights || version->first_rights == sighting->rights ||
            version->upgraded_rights == sighting->rights) &&
           (sighting->attributes == ATTRIBUTES_ANY ||
            version->mapping.frame.attributes == sighting->attributes ||
            version->upgraded_attributes == sighting->attributes);
}

/* Whether the mapping, and the core's controls, let the access happen. */
static bool permits(const struct judge *judge, const struct version *version, const struct sighting *sighting)
{
    return sighting->right == 0 || controls_allow(judge, version, &sighting->controls) & sighting->right;
}

static void weigh_translation(struct tally *tally, const struct weight *weight, const struct use *use)
{
    const struct version *version = weight->version;
    if (version_allows(version, use)) {
        if (!weight->permitted)
            tally->forbids = version;
        else
            *(weight->own ? &tally->fits : &tally->foreign) = version;
    } else if (use->complete < version->created.begin) {
        *(use->complete < version->forgotten_since ? &tally->later : &tally->once) = version;
    } else if (!tally->ended || tally->ended->ended.end < version->ended.end) {
        tally->ended = version;
    }
}

void sighting_weigh(struct tally *tally, const struct weight *weight, const struct use *use)
{
    if (weight->same)
        weigh_translation(tally, weight, use);
    if (!weight->own || !version_overlaps(weight->version, use))
        return;
    if (!tally->present || weight->place) {
        tally->present = weight->version;
        tally->refused = weight->place && !weight->permitted;
    }
    tally->certain |= version_certain(weight->version, use);
}

static struct weight weight_of(const struct judge *judge, const struct version *version,
                               const struct sighting *sighting)
{
    return (struct weight){.version = version,
                           .own = version->space == sighting->space,
                           .same = same_translation(judge, version, sighting),
                           .place = same_place(judge, version, sighting),
                           .permitted = permits(judge, version, sighting)};
}

void sighting_add_forgotten(const struct judge *judge, struct forgotten *forgotten, uint64_t va,
                            uint32_t space, uint64_t sizes)
{
    for (; sizes; sizes &= sizes - 1) {
        unsigned size_lg2 = (unsigned)__builtin_ctzll(sizes);
        struct region_key key = {.number = va >> size_lg2, .space = space, .size_lg2 = (uint8_t)size_lg2};
        const struct region *region = region_find(&judge->index, &key);
        if (region && region->forgotten_end > forgotten->end)
            forgotten->end = region->forgotten_end;
        forgotten->lost |= region && region->lost;
    }
}

struct verdict sighting_conclude(struct judge *judge, const struct tally *tally,
                                 const struct forgotten *forgotten, const struct sighting *sighting)
{
    if (forgotten->end &&
        forgotten->end >= sighting->gone) { /* told too late: one of them may have allowed it */
        judge->unjudged[UNJUDGED_LATE_ACCESS]++;
        return (struct verdict){RULE_NONE, NULL};
    }
    if (tally->forbids)
        return (struct verdict){RULE_FORBIDDEN_ACCESS, tally->forbids};
    if (tally->ended)
        return (struct verdict){RULE_STALE_TRANSLATION, tally->ended};
    /* After a loss it may be a wrong frame, or never have been mapped: but an old mapping is likelier. */
    if (tally->once || (forgotten->lost && !tally->foreign))
        return (struct verdict){RULE_STALE_TRANSLATION, NULL};
    if (tally->present)
        return (struct verdict){tally->refused ? RULE_FORBIDDEN_ACCESS : RULE_WRONG_FRAME, tally->present};
    return (struct verdict){RULE_NEVER_MAPPED, tally->later};
}

/* Most sightings end here: the mapping that is there explains them. */
static bool explained(const struct judge *judge, const struct version *version,
                      const struct sighting *sighting)
{
    return version_allows(version, &sighting->use) && same_translation(judge, version, sighting) &&
           permits(judge, version, sighting);
}

struct verdict sighting_examine(struct judge *judge, const struct sighting *sighting)
{
    const struct space *space = &judge->spaces[sighting->space];
    struct tally tally = {0};
    const struct version *version;
    if (space->stage2)
        return stages_examine(judge, sighting);
    struct version_cursor cursor =
        version_cursor_make(&judge->index, sighting->space, sighting->va, space->sizes_used);
    while ((version = version_next(&cursor))) {
        if (explained(judge, version, sighting))
            return (struct verdict){RULE_NONE, NULL};
        struct weight weight = weight_of(judge, version, sighting);
        sighting_weigh(&tally, &weight, &sighting->use);
    }
    cursor = version_cursor_make(&judge->index, SPACE_GLOBAL, sighting->va, judge->global_sizes);
    while ((version = version_next(&cursor))) {
        struct weight weight = weight_of(judge, version, sighting);
        if (sighting_served(judge, version, sighting->space))
            sighting_weigh(&tally, &weight, &sighting->use);
    }
    if (tally.foreign && !tally.certain)
        return (struct verdict){RULE_NONE, NULL};
    struct forgotten forgotten = {0};
    sighting_add_forgotten(judge, &forgotten, sighting->va, sighting->space, space->sizes_used);
    sighting_add_forgotten(judge, &forgotten, sighting->va, SPACE_GLOBAL, judge->global_sizes);
    return sighting_conclude(judge, &tally, &forgotten, sighting);
}

bool sighting_joins(const struct sighting *sighting, const struct version *version,
                    const struct version **reach)
{
    bool joins =
        *reach ? version->created.begin <= (*reach)->ended.end + 1 : version_allows(version, &sighting->use);
    if (!joins || (*reach && version->ended.end <= (*reach)->ended.end))
        return false;
    *reach = version;
    return true;
}

static bool extend(const struct judge *judge, const struct sighting *sighting, uint32_t space, uint64_t sizes,
                   const struct version **reach)
{
    struct version_cursor cursor = version_cursor_make(&judge->index, space, sighting->va, sizes);
    const struct version *version;
    bool extended = false;
    while ((version = version_next(&cursor))) {
        if (space == SPACE_GLOBAL && version->space != sighting->space &&
            !sighting_served(judge, version, sighting->space))
            continue;
        extended |= same_translation(judge, version, sighting) && sighting_joins(sighting, version, reach);
        if (*reach && (*reach)->ended.end == EVENT_NEVER)
            return false;
    }
    return extended;
}

const struct version *sighting_reach(struct judge *judge, const struct sighting *sighting)
{
    const struct space *space = &judge->spaces[sighting->space];
    const struct version *reach = NULL;
    if (space->stage2)
        return stages_reach(judge, sighting);
    while (extend(judge, sighting, sighting->space, space->sizes_used, &reach) ||
           extend(judge, sighting, SPACE_GLOBAL, judge->global_sizes, &reach))
        continue;
    return reach;
}
