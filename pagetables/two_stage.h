/*
 * Two-stage translation: any stage 1 engine under any stage 2 engine, composed.
 *
 * Stage 1 translates a virtual address to an intermediate physical one, and all that it reads or changes in
 * memory has intermediate addresses itself; stage 2 translates each of them (Arm ARM, DDI 0487 L.b, D8.1;
 * "nested paging" elsewhere). The composition uses nothing of a format but its walk_format functions and
 * flags.
 *
 * Like a walk engine it decides *what* and never when: a flat struct, owned by the caller, which may be
 * copied or dropped at any point. Each function below says what comes next:
 *
 *   status                  the caller                                   answers with
 *   TWO_STAGE_TRANSLATE     has a cached translation of `ipa`            two_stage_answer
 *                           or wants it walked                           two_stage_walk_stage2
 *   TWO_STAGE_FETCH         reads fetch[0 .. fetches), each of           two_stage_resume
 *                           fetch_words words
 *                           finds no memory there                        two_stage_abort
 *   TWO_STAGE_UPDATE        does `update` as a compare-exchange          two_stage_updated
 *                           which finds another word                     starts again
 *   TWO_STAGE_LEAF          judges the rights: they are not enough       two_stage_refuse
 *                           may use the leaf, and has not asked yet      two_stage_use
 *   TWO_STAGE_FAULT         the end
 *
 * So a walk goes start, ..., LEAF, use, ..., LEAF; or it ends with FAULT. Without caches, of n and m levels,
 * it makes n * (m + 1) + m fetches.
 *
 * A walk is told its access at the start, because a fault of stage 1 comes before one of stage 2 on what
 * stage 1 translates to. On RISC-V and x86 (walk_format.updates_before_output) the access is judged by the
 * leaf of stage 1, and that leaf is updated, before stage 2 is asked for the output: so an access that stage
 * 2 refuses leaves stage 1's entry accessed. An Arm walk goes on to the leaf of both, by which the caller
 * judges, and updates come at the end; where stage 2 has no translation, the fault is that of stage 1 if it
 * refuses the access. A walk that knows of no access, since nobody waits for it, is judged and updated at the
 * end, and tells stage 2's fault.
 */
#ifndef MMUSIM_PAGETABLES_TWO_STAGE_H
#define MMUSIM_PAGETABLES_TWO_STAGE_H

#include "pagetables/pagetable.h"
#include "pagetables/walk.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Owned by the caller, constant while walks use it. The root of stage 1 is an intermediate address. */
struct two_stage_regime {
    const struct translation_regime *stage1;
    const struct translation_regime *stage2;
};

/* For whom a walk is made. */
struct two_stage_access {
    struct access_controls controls; /* the core's, for stage 1 */
    uint8_t right;                   /* one ACCESS_RIGHT; 0: nobody's yet */
};

enum two_stage_status {
    TWO_STAGE_TRANSLATE, /* `ipa`; `on_table` and `store` say for what, `walk_only` that no cache will do */
    TWO_STAGE_FETCH,     /* words of entries of stage `stage`, by physical address */
    TWO_STAGE_UPDATE,    /* of an entry of stage `stage`, by physical address */
    TWO_STAGE_LEAF,      /* `leaf` */
    TWO_STAGE_FAULT,     /* `fault` */
};

struct two_stage_fault {
    uint64_t ipa;        /* stage 2: what it could not translate; stage 1 has none */
    uint8_t kind;        /* fault_kind */
    uint8_t level;       /* of the stage at fault */
    uint8_t stage;       /* 1 or 2 */
    bool on_table;       /* stage 2: the access was one of stage 1 to its tables (ESR_ELx.S1PTW) */
    bool table_store;    /* and had to be allowed to store: an update, or see table_accesses_store */
    uint8_t rights;      /* FAULT_PERMISSION: of the leaf at fault, once hardware has made it dirty */
    uint32_t attributes; /* FAULT_PERMISSION: of that leaf */
};

/* A translation by stage 2. */
struct two_stage_translation {
    struct walk_state walk; /* if it was walked */
    struct walk_leaf leaf;  /* `va` is an intermediate address */
    bool known;
    bool walked; /* here; else the caller answered */
};

/* What the composition is at. */
enum two_stage_step {
    TWO_STAGE_READS,         /* stage 1's entries */
    TWO_STAGE_UPDATES_TABLE, /* the entry of a table of stage 1, on the way */
    TWO_STAGE_UPDATES_LEAF,  /* that of stage 1's leaf, before the output is translated */
    TWO_STAGE_OUTPUT,        /* what stage 1 translates to */
    TWO_STAGE_USES,          /* after two_stage_use */
};

struct two_stage_walk {
    const struct two_stage_regime *regime;
    struct two_stage_access access;
    uint64_t va;

    /* What is wanted, by status. */
    uint64_t ipa;   /* TRANSLATE; at LEAF that of `va` */
    bool on_table;  /* TRANSLATE, and FETCH of stage 2: for an entry of stage 1, else for the output */
    bool store;     /* TRANSLATE: it must allow stores */
    bool walk_only; /* TRANSLATE: entries of stage 2 have to be updated, or a cached answer did not do */
    uint8_t stage;  /* FETCH, UPDATE: 1 or 2 */
    uint8_t level;  /* FETCH: the manual's own level number, of that stage */
    uint8_t fetches;
    uint8_t fetch_words;
    uint64_t fetch[WALK_FETCHES_MAX]; /* FETCH: physical addresses; those of stage 1 are translations of
                                         stage1.fetch, in the same order */
    struct walk_update update;        /* UPDATE */

    /*
     * LEAF: the smaller one of both pages; what both stages allow, where the controls of stage 2's regime
     * have been applied and those of stage 1 have not; the levels of both leaves. What each stage says is
     * stage1.leaf and output.leaf.
     */
    struct walk_leaf leaf;
    struct two_stage_fault fault;

    /*
     * What to cache. `fresh`: the last call completed a translation of stage 2 that was walked here, which is
     * two_stage_stage2_leaf. For tables see two_stage_table1 and two_stage_table2.
     */
    bool fresh;

    /* The composition's own. */
    struct walk_state stage1;
    struct two_stage_translation table;  /* of the entries that stage 1 reads or changes */
    struct two_stage_translation output; /* of what stage 1 translates to */
    uint64_t wanted[WALK_FETCHES_MAX];   /* physical addresses that are known already */
    uint8_t translated;                  /* how many */
    uint8_t step;                        /* enum two_stage_step */
    bool on_the_way;                     /* UPDATE of stage 2: of a table's entry, by WALK_UPDATE */
    bool use_stores;
};

/* `*walk` is undefined before, and keeps `regime`. `access`: NULL if there is none yet; the controls are then
 * those of stage 1's regime. */
enum two_stage_status two_stage_start(struct two_stage_walk *walk, const struct two_stage_regime *regime,
                                      uint64_t va, const struct two_stage_access *access);
/*
 * Begins at a table of stage 1 (as two_stage_table1 told it), which must contain `va`. `known` is the
 * translation of the table, or of the part of it that is read; where it does not reach, and with NULL, the
 * caller is asked.
 */
enum two_stage_status two_stage_enter(struct two_stage_walk *walk, const struct two_stage_regime *regime,
                                      uint64_t va, const struct two_stage_access *access,
                                      const struct walk_table *table, const struct walk_leaf *known);

/* A leaf of stage 2 that contains `ipa` and needed no update when it was cached. Not if `walk_only`. */
enum two_stage_status two_stage_answer(struct two_stage_walk *walk, const struct walk_leaf *leaf);
/* From the root (NULL), or from a table of stage 2 that contains `ipa`. */
enum two_stage_status two_stage_walk_stage2(struct two_stage_walk *walk, const struct walk_table *table);

/* fetches * fetch_words words, in the order of the fetches. */
enum two_stage_status two_stage_resume(struct two_stage_walk *walk, const uint64_t *words);
/* FAULT_EXTERNAL_ABORT of the stage and level whose entry was fetched. */
enum two_stage_status two_stage_abort(struct two_stage_walk *walk);
/* The compare-exchange of `update` succeeded. */
enum two_stage_status two_stage_updated(struct two_stage_walk *walk);

/*
 * After LEAF, before the leaf is used or cached: hardware updates of both stages, for a load or fetch or for
 * a store that `leaf.rights_when_dirty` allows. Stage 1 comes first; its updates are stores to its tables,
 * which stage 2 must allow. Ends with LEAF again, and the rights that there are now, or with FAULT.
 */
enum two_stage_status two_stage_use(struct two_stage_walk *walk, bool store);
/* After LEAF: the permission fault of an access (ACCESS_RIGHT) that `leaf.rights_when_dirty` does not allow
 * under the controls that the walk was told. Stage 1 is asked first. */
enum two_stage_status two_stage_refuse(struct two_stage_walk *walk, unsigned right);

/* The last translation of stage 2: of `ipa`, for an entry of stage 1 or for the output. */
static inline const struct walk_leaf *two_stage_stage2_leaf(const struct two_stage_walk *walk)
{
    return walk->on_table ? &walk->table.leaf : &walk->output.leaf;
}

/* While a FETCH of stage 1 is wanted: the table, with its intermediate address in `pa`, and the translation
 * of what is read of it. False where a walk cannot begin: see walk_format.table. */
bool two_stage_table1(const struct two_stage_walk *walk, struct walk_table *table, struct walk_leaf *stage2);
/* While a FETCH of stage 2 is wanted. */
bool two_stage_table2(const struct two_stage_walk *walk, struct walk_table *table);

/*
 * The attributes of a mapping of both stages: what both allow; user, global and key as stage 1 says. The
 * memory type is device if one of them says so, else not cacheable if one says that (Arm ARM, D8.6.6); or
 * stage 1's if it names one (walk_format.stage1_memory_type; RISC-V Privileged, chapter 6).
 */
uint32_t two_stage_attributes(const struct walk_format *format1, uint32_t stage1, uint32_t stage2);

/* A whole walk without time, caches or an access: LEAF or FAULT. Memory is not changed: where hardware would
 * update an entry on the way, the walk goes on as if it had. */
enum two_stage_status two_stage_address(const struct two_stage_regime *regime,
                                        const struct memory_reader *memory, uint64_t va,
                                        struct two_stage_walk *walk);

#ifdef __cplusplus
}
#endif
#endif
