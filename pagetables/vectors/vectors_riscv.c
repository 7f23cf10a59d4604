/*
 * Vectors of RISC-V: translation by satp, and by vsatp and hgatp. Sections are those of the manual that
 * pagetables/riscv.h names.
 */
#include <string.h>

#include "pagetables/riscv.h"
#include "pagetables/two_stage.h"
#include "pagetables/vectors/vectors.h"

/* Words that one access may update: two of each level of the VS stage, and one of the output. */
#define UPDATES_MAX 16

/* One access of a hart, with what it finds and says. */
struct replay {
    struct vectors_image *image;
    struct vectors_answer *answer;
    struct walk_update update[UPDATES_MAX]; /* by ascending address, each word once */
    unsigned updates;
    uint64_t va;
    enum access_kind access;
    enum privilege privilege;
    bool two_stage; /* the hypervisor extension's V is 1 */
};

static unsigned right_of(const struct replay *replay)
{
    return ACCESS_RIGHT(replay->privilege, replay->access);
}

/* ---- What a row asks ---- */

static bool read_access(const struct vectors_row *row, enum access_kind *access)
{
    const char *text = vectors_text(row, "acc");
    if (strcmp(text, "R") == 0)
        *access = ACCESS_LOAD;
    else if (strcmp(text, "W") == 0)
        *access = ACCESS_STORE;
    else if (strcmp(text, "X") == 0)
        *access = ACCESS_FETCH;
    else
        return false;
    return true;
}

static bool read_replay(const struct vectors_row *row, struct vectors_image *image,
                        struct vectors_answer *answer, struct replay *replay)
{
    *replay = (struct replay){.image = image,
                              .answer = answer,
                              .va = vectors_hex(row, "va"),
                              .privilege = strcmp(vectors_text(row, "priv"), "U") == 0 ? PRIVILEGE_USER
                                                                                       : PRIVILEGE_KERNEL};
    if (!read_access(row, &replay->access)) {
        vectors_unknown_text(row, "acc", "R, W or X");
        return false;
    }
    return true;
}

static bool flag(const struct vectors_row *row, const char *column)
{
    return vectors_decimal(row, column) != 0;
}

/* An extension counts if the machine has it and the bit of menvcfg or henvcfg turns it on; those of henvcfg
 * are read-only zero where menvcfg's are zero (8.2.5). */
static bool enabled(const struct vectors_row *row, const char *extension, const char *machine,
                    const char *hypervisor)
{
    return strstr(vectors_text(row, "isa"), extension) && flag(row, machine) &&
           (!hypervisor || flag(row, hypervisor));
}

struct environment_bits {
    const char *update;                           /* ADUE in menvcfg */
    const char *memory_type;                      /* PBMTE in menvcfg */
    const char *guest_update, *guest_memory_type; /* in henvcfg; NULL: do not count */
};

/* 4.1.11, 8.2.10: MODE is bits 63:60, PPN bits 43:0. */
#define MODE_BARE 0
#define PPN_BITS  ((UINT64_C(1) << 44) - 1)

struct mode {
    unsigned number;
    const struct walk_format *stage1, *stage2;
};

static const struct mode modes[] = {
    {8, &riscv_sv39, &riscv_sv39x4}, {9, &riscv_sv48, &riscv_sv48x4}, {10, &riscv_sv57, &riscv_sv57x4}};

/* The regime of satp, vsatp or hgatp; `format` is NULL if it is Bare. False: no such mode. */
static bool read_regime(const struct vectors_row *row, const char *column,
                        const struct environment_bits *bits, struct translation_regime *regime)
{
    uint64_t atp = vectors_hex(row, column);
    unsigned number = (unsigned)(atp >> 60);
    bool updates = enabled(row, "svadu", bits->update, bits->guest_update);
    *regime = (struct translation_regime){.root = (atp & PPN_BITS) << 12,
                                          .physical_size_lg2 = 56,
                                          .hardware_access = updates,
                                          .hardware_dirty = updates};
    if (!strstr(vectors_text(row, "isa"), "svnapot"))
        regime->features |= RISCV_WITHOUT_SVNAPOT;
    if (!enabled(row, "svpbmt", bits->memory_type, bits->guest_memory_type))
        regime->features |= RISCV_WITHOUT_SVPBMT;
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++)
        if (modes[i].number == number)
            regime->format = strcmp(column, "hgatp") == 0 ? modes[i].stage2 : modes[i].stage1;
    return regime->format || number == MODE_BARE;
}

static uint32_t controls_of(bool sum, bool mxr)
{
    return (sum ? CONTROL_SUM : 0) | (mxr ? CONTROL_MXR : 0);
}

/* ---- What it is answered ---- */

static void say_translated(const struct replay *replay, uint64_t pa)
{
    vectors_say(replay->answer, "result", "ok");
    vectors_say(replay->answer, "pa", "%llx", (unsigned long long)pa);
}

/* 8.6.2: GVA is set where stval holds a guest virtual address, as all faults of translation under V = 1 write
 * it. */
static void say_fault(const struct replay *replay, const struct walk_format *format,
                      const struct two_stage_fault *fault)
{
    const struct fault_cause cause = {.va = replay->va,
                                      .ipa = fault->ipa,
                                      .kind = fault->kind,
                                      .level = fault->level,
                                      .stage = fault->stage,
                                      .access = (uint8_t)replay->access,
                                      .privilege = (uint8_t)replay->privilege,
                                      .two_stage = replay->two_stage,
                                      .on_table = fault->on_table,
                                      .table_store = fault->table_store,
                                      .rights = fault->rights,
                                      .attributes = fault->attributes};
    struct fault_report report;
    format->report(&cause, &report);
    vectors_say(replay->answer, "result", "fault");
    vectors_say(replay->answer, "cause", "%llu", (unsigned long long)report.code);
    vectors_say(replay->answer, "tval", "%llx", (unsigned long long)report.address);
    vectors_say(replay->answer, "tval2", "%llx", (unsigned long long)report.ipa);
    vectors_say(replay->answer, "tinst", "%llx", (unsigned long long)report.instruction);
    vectors_say(replay->answer, "gva", "%d", replay->two_stage);
}

static void update_word(struct replay *replay, const struct walk_update *update)
{
    unsigned place = 0;
    vectors_set_word(replay->image, update->pa, update->desired);
    while (place < replay->updates && replay->update[place].pa < update->pa)
        place++;
    if (place < replay->updates && replay->update[place].pa == update->pa) {
        replay->update[place].desired = update->desired;
        return;
    }
    if (replay->updates == UPDATES_MAX)
        return; /* no walk has so many: the row will differ */
    memmove(&replay->update[place + 1], &replay->update[place],
            (replay->updates++ - place) * sizeof *replay->update);
    replay->update[place] = *update;
}

/* The column tells what the row leaves behind, not in which order. */
static void say_updates(const struct replay *replay)
{
    for (unsigned i = 0; i < replay->updates; i++)
        vectors_say_update(replay->answer, "pte_writes", &replay->update[i]);
}

/* 4.3.2, step 2: what is outside of the memory is an access fault. */
static bool read_word(const struct replay *replay, uint64_t pa, uint64_t *word)
{
    if (!vectors_in_ram(replay->image, pa))
        return false;
    *word = vectors_word(replay->image, pa);
    return true;
}

/* ---- One stage ---- */

static enum walk_status find_leaf(const struct replay *replay, const struct translation_regime *regime,
                                  struct walk_state *walk)
{
    enum walk_status status = regime->format->start(walk, regime, replay->va);
    while (status == WALK_FETCH) {
        uint64_t word;
        if (!read_word(replay, walk->fetch[0], &word)) {
            walk->fault = FAULT_EXTERNAL_ABORT;
            walk->fault_level = walk->level;
            return WALK_FAULT;
        }
        status = regime->format->resume(walk, &word);
    }
    return status;
}

static void replay_one_stage(struct replay *replay, const struct translation_regime *regime)
{
    const bool stage2 = regime->format->stage2;
    struct walk_state walk;
    struct walk_update update;
    struct two_stage_fault fault = {.stage = stage2 ? 2 : 1, .ipa = stage2 ? replay->va : 0};
    if (find_leaf(replay, regime, &walk) == WALK_FAULT) {
        fault.kind = walk.fault;
        fault.level = walk.fault_level;
        say_fault(replay, regime->format, &fault);
        return;
    }
    unsigned allowed = walk_allowed(regime->format, &regime->controls, walk.leaf.rights_when_dirty,
                                    walk.leaf.frame.attributes);
    if (!(allowed & right_of(replay))) {
        fault.kind = FAULT_PERMISSION;
        fault.level = walk.leaf.level;
        say_fault(replay, regime->format, &fault);
        return;
    }
    if (walk_needs_update(&walk, replay->access == ACCESS_STORE, &update))
        update_word(replay, &update);
    say_translated(replay, walk.leaf.frame.base + (replay->va - walk.leaf.va));
}

/* ---- Two stages ---- */

static enum two_stage_status read_two_stage_words(const struct replay *replay, struct two_stage_walk *walk)
{
    uint64_t word;
    return read_word(replay, walk->fetch[0], &word) ? two_stage_resume(walk, &word) : two_stage_abort(walk);
}

/* Until there is a leaf, or a fault. */
static enum two_stage_status go_on(struct replay *replay, struct two_stage_walk *walk,
                                   enum two_stage_status status)
{
    while (status != TWO_STAGE_LEAF && status != TWO_STAGE_FAULT) {
        if (status == TWO_STAGE_TRANSLATE) {
            status = two_stage_walk_stage2(walk, NULL);
        } else if (status == TWO_STAGE_FETCH) {
            status = read_two_stage_words(replay, walk);
        } else {
            update_word(replay, &walk->update);
            status = two_stage_updated(walk);
        }
    }
    return status;
}

static void replay_both_stages(struct replay *replay, const struct two_stage_regime *regime)
{
    const struct two_stage_access access = {.controls = regime->stage1->controls,
                                            .right = (uint8_t)right_of(replay)};
    struct two_stage_walk walk;
    enum two_stage_status status = go_on(replay, &walk, two_stage_start(&walk, regime, replay->va, &access));
    if (status == TWO_STAGE_LEAF) {
        unsigned allowed = walk_allowed(regime->stage1->format, &access.controls, walk.leaf.rights_when_dirty,
                                        walk.leaf.frame.attributes);
        status = allowed & access.right
                     ? go_on(replay, &walk, two_stage_use(&walk, replay->access == ACCESS_STORE))
                     : two_stage_refuse(&walk, access.right);
    }
    if (status == TWO_STAGE_LEAF)
        say_translated(replay, walk.leaf.frame.base + (replay->va - walk.leaf.va));
    else
        say_fault(replay, walk.fault.stage == 2 ? regime->stage2->format : regime->stage1->format,
                  &walk.fault);
}

/* ---- The kinds ---- */

static const char *const answers[] = {"result", "pa",  "cause",      "tval", "tval2",
                                      "tinst",  "gva", "pte_writes", NULL};

static const char no_such_mode[] = "satp, vsatp or hgatp has a mode other than Bare, Sv39, Sv48 and Sv57";

static bool replay_row(const struct vectors_row *row, struct vectors_image *image,
                       struct vectors_answer *answer, const char **why)
{
    static const struct environment_bits bits = {.update = "adue", .memory_type = "pbmte"};
    struct translation_regime regime;
    struct replay replay;
    if (!read_replay(row, image, answer, &replay))
        return true;
    if (!read_regime(row, "satp", &bits, &regime)) {
        *why = no_such_mode;
        return false;
    }
    regime.controls.flags = controls_of(flag(row, "sum"), flag(row, "mxr"));
    /* 4.1.11: machine mode is not translated. */
    if (!regime.format || strcmp(vectors_text(row, "priv"), "M") == 0)
        say_translated(&replay, replay.va);
    else
        replay_one_stage(&replay, &regime);
    say_updates(&replay);
    return true;
}

const struct vectors_kind vectors_riscv = {
    .name = "riscv",
    .asks = (const char *const[]){"isa", "satp", "priv", "sum", "mxr", "adue", "pbmte", "acc", "va", NULL},
    .answers = answers,
    .replay = replay_row,
};

static void replay_stages(struct replay *replay, const struct translation_regime *stage1,
                          const struct translation_regime *stage2)
{
    if (stage1->format && stage2->format)
        replay_both_stages(replay, &(struct two_stage_regime){stage1, stage2});
    else if (stage1->format || stage2->format)
        replay_one_stage(replay, stage1->format ? stage1 : stage2);
    else
        say_translated(replay, replay->va);
}

/* 8.2.1: at the VS stage vsstatus.MXR and sstatus.MXR count both, at the G stage the latter alone. */
static bool replay_two_stage_row(const struct vectors_row *row, struct vectors_image *image,
                                 struct vectors_answer *answer, const char **why)
{
    static const struct environment_bits guest_bits = {
        .update = "adue", .memory_type = "pbmte", .guest_update = "hadue", .guest_memory_type = "hpbmte"};
    static const struct environment_bits host_bits = {.update = "adue", .memory_type = "pbmte"};
    struct translation_regime stage1, stage2;
    struct replay replay;
    if (!read_replay(row, image, answer, &replay))
        return true;
    replay.two_stage = true;
    if (!read_regime(row, "vsatp", &guest_bits, &stage1) || !read_regime(row, "hgatp", &host_bits, &stage2)) {
        *why = no_such_mode;
        return false;
    }
    stage1.controls.flags = controls_of(flag(row, "vsum"), flag(row, "vmxr") || flag(row, "mxr"));
    stage2.controls.flags = controls_of(false, flag(row, "mxr"));
    replay_stages(&replay, &stage1, &stage2);
    say_updates(&replay);
    return true;
}

const struct vectors_kind vectors_riscv_two_stages = {
    .name = "riscv-two-stages",
    .asks = (const char *const[]){"isa", "vsatp", "hgatp", "priv", "vsum", "vmxr", "mxr", "adue", "pbmte",
                                  "hadue", "hpbmte", "acc", "va", NULL},
    .answers = answers,
    .replay = replay_two_stage_row,
};
