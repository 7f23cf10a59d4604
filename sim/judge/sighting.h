/*
 * Sightings: translations that somebody used, and what the versions say of them.
 *
 * In an address space with a second stage a use is explained by two versions, one of each stage. Such a pair
 * is composed to one version (stages.c), which holds while both do; whatever weighs versions weighs pairs.
 */
#ifndef MMUSIM_SIM_JUDGE_SIGHTING_H
#define MMUSIM_SIM_JUDGE_SIGHTING_H

#include "sim/judge/internal.h"

#define ATTRIBUTES_ANY UINT32_MAX

/* A translation that somebody used. */
struct sighting {
    struct use use;
    uint64_t gone; /* the last cycle in which it was used or kept */
    uint64_t va;
    uint64_t pa; /* of va */
    uint32_t space;
    uint32_t attributes;             /* of the frame; ATTRIBUTES_ANY if not told */
    unsigned right;                  /* ACCESS_RIGHT that the access needed; 0: none */
    struct access_controls controls; /* that it was made under */
    uint8_t size_lg2;
    uint8_t rights;
    uint8_t access; /* access_kind, if it needed a right */
};

/* A version of each stage, the second of what the first translates to. */
struct stage_pair {
    struct version both; /* the first member: who has a version of a guest's sighting has a pair */
    const struct version *first;
    const struct version *second;
    bool same;       /* it translates as the sighting says */
    bool place;      /* and so, whatever its rights and attributes are */
    uint8_t allowed; /* rights, under the sighting's controls */
};

#define RULE_NONE JUDGE_RULES

struct verdict {
    enum judge_rule rule;          /* RULE_NONE: fine */
    const struct version *version; /* that tells why; NULL if none does. Valid until the next sighting */
};

/* What the versions say of a sighting, each one version that says so, or NULL. */
struct tally {
    const struct version *fits;    /* in everything */
    const struct version *foreign; /* the same, a global mapping of another space */
    const struct version *forbids; /* fits, but does not permit the access */
    const struct version *ended;   /* fitted once, and ended before the last use */
    const struct version *present; /* in time, whatever it maps to; the same frame preferred */
    const struct version *once;    /* begins after the completion, but an equal one is forgotten */
    const struct version *later;   /* begins after the completion */
    bool certain;                  /* something was mapped all the time */
    bool refused;                  /* `present` is the same frame, and does not permit the access */
};

/* What a version, or a pair, says by itself. */
struct weight {
    const struct version *version;
    bool own;       /* of the sighting's space, and no global one of another */
    bool same;      /* it translates as the sighting says */
    bool place;     /* and so, whatever its rights and attributes are */
    bool permitted; /* the access */
};

/* What was forgotten at this address. */
struct forgotten {
    uint64_t end; /* the last of any version; 0 if none was */
    bool lost;    /* a version that no other one stands for */
};

/* sightings.c */
struct verdict sighting_examine(struct judge *judge, const struct sighting *sighting);
/* How far, from its fill on, one matching version or several without a gap explain an entry. */
const struct version *sighting_reach(struct judge *judge, const struct sighting *sighting);
/* The version takes the place of `*reach` if it joins it and reaches further. */
bool sighting_joins(const struct sighting *sighting, const struct version *version,
                    const struct version **reach);
void sighting_weigh(struct tally *tally, const struct weight *weight, const struct use *use);
struct verdict sighting_conclude(struct judge *judge, const struct tally *tally,
                                 const struct forgotten *forgotten, const struct sighting *sighting);
void sighting_add_forgotten(const struct judge *judge, struct forgotten *forgotten, uint64_t va,
                            uint32_t space, uint64_t sizes);
/* A global mapping serves the other spaces of its virtual machine. */
static inline bool sighting_served(const struct judge *judge, const struct version *version, uint32_t space)
{
    return version->space != space && judge->spaces[version->space].vmid == judge->spaces[space].vmid;
}

/* stages.c: the same of an address space with a second stage. */
struct verdict stages_examine(struct judge *judge, const struct sighting *sighting);
const struct version *stages_reach(struct judge *judge, const struct sighting *sighting);

/* sentences.c: reports what `sighting_examine` found; `who` is the subject of the sentence. */
void sighting_report(struct judge *judge, const struct judge_finding *finding, const struct verdict *verdict,
                     const struct sighting *sighting, const char *who);
#define WHO_BYTES 96
struct who {
    char text[WHO_BYTES];
};
struct who who_accessed(const struct mmu_event *event);
struct judge_finding finding_of_access(const struct mmu_event *event);
/* A finding of an entry that was right once. `version` as in a verdict. */
void entry_report(struct judge *judge, const struct mmu_event *event, const struct version *version,
                  enum judge_rule rule, const char *what);

#endif
