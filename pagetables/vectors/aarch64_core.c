#include "pagetables/vectors/aarch64_core.h"

#include <assert.h>

#include "pagetables/two_stage.h"

#define WHY_DEVICE "a table lies where the board has devices, and the image does not say what they answer"
#define WHY_UPDATE "AT of stage 1 alone under stage 2, where hardware would update an entry of stage 1"
#define WHY_REFUSED                                                                                          \
    "stage 2 refuses what stage 1 translates to: whether hardware has updated the entry of stage 1 by then " \
    "is not modelled"

struct core {
    struct vectors_image *image;
    const struct aarch64_access *access;
    struct vectors_answer *answer;
    struct aarch64_outcome *outcome;
    const char **why;
    struct vmsa_registers registers;
    bool first, second; /* whether the stages are on */
    struct translation_regime stage1, stage2;
    uint64_t va; /* without its tag */
};

static void read_registers(struct core *core)
{
    const struct vectors_image *image = core->image;
    core->registers = (struct vmsa_registers){.tcr_el1 = vectors_register(image, "tcr"),
                                              .ttbr0_el1 = vectors_register(image, "ttbr0"),
                                              .ttbr1_el1 = vectors_register(image, "ttbr1"),
                                              .sctlr_el1 = vectors_register(image, "sctlr"),
                                              .mair_el1 = vectors_register(image, "mair"),
                                              .hcr_el2 = vectors_register(image, "hcr"),
                                              .vtcr_el2 = vectors_register(image, "vtcr"),
                                              .vttbr_el2 = vectors_register(image, "vttbr"),
                                              .physical_size_lg2 = AARCH64_PHYSICAL_SIZE_LG2};
}

/* ---- Memory ---- */

enum memory { MEMORY_WORD, MEMORY_NONE, MEMORY_DEVICE };

static enum memory read_word(struct core *core, uint64_t pa, uint64_t *word)
{
    if (pa < AARCH64_RAM_BASE || (pa >= AARCH64_DEVICES_BASE && pa < AARCH64_DEVICES_END)) {
        *core->why = WHY_DEVICE;
        return MEMORY_DEVICE;
    }
    if (pa >= AARCH64_RAM_END)
        return MEMORY_NONE;
    *word = vectors_word(core->image, pa);
    return MEMORY_WORD;
}

static void update_word(struct core *core, const struct walk_update *update)
{
    vectors_set_word(core->image, update->pa, update->desired);
    vectors_say_update(core->answer, "desc_writes", update);
}

/* ---- Ends ---- */

static void fail(struct core *core, enum fault_kind kind, unsigned level, unsigned stage, bool on_table)
{
    const struct aarch64_access *access = core->access;
    core->outcome->fault = true;
    /* FAR_ELx keeps the tag of a data address; a branch takes that of an instruction's away before it is
     * fetched (J1.1.3, AArch64.BranchAddr). */
    core->outcome->cause = (struct fault_cause){.va = access->kind == ACCESS_FETCH ? core->va : access->va,
                                                .kind = (uint8_t)kind,
                                                .level = (uint8_t)level,
                                                .stage = (uint8_t)stage,
                                                .access = (uint8_t)access->kind,
                                                .privilege = (uint8_t)access->privilege,
                                                .two_stage = core->second,
                                                .on_table = on_table};
}

/* What stage 1 allows this access, before or after it is dirty. */
static bool is_allowed(const struct core *core, const struct walk_leaf *leaf)
{
    const struct aarch64_access *access = core->access;
    const struct access_controls controls = {.flags = access->pan ? CONTROL_PAN : 0};
    uint8_t rights =
        walk_allowed(core->stage1.format, &controls, leaf->rights_when_dirty, leaf->frame.attributes);
    return rights & ACCESS_RIGHT(access->privilege, access->kind);
}

static uint64_t output_of(const struct walk_leaf *leaf, uint64_t address)
{
    return leaf->frame.base + (address - leaf->va);
}

/*
 * PAR_EL1.SH: the value that appears in the descriptor, where there is one stage. (The manual permits the
 * resulting attribute instead, which is Outer Shareable for Device memory and for Non-cacheable memory.)
 */
static struct vmsa_memory memory_of_stage1(const struct core *core, const struct walk_state *walk)
{
    struct vmsa_memory memory = vmsa_memory_of_stage1(walk, core->registers.mair_el1);
    memory.shareability = walk->entry >> 8 & 3;
    return memory;
}

/* ---- No stage ---- */

static bool translate_flat(struct core *core)
{
    core->outcome->flat = true;
    core->outcome->memory = vmsa_memory_of_no_stage1(&core->registers, core->access->kind);
    core->outcome->pa = core->va;
    return true;
}

/* ---- One stage ---- */

/* False: the walk met a device. */
static bool walk_one(struct core *core, const struct translation_regime *regime, struct walk_state *walk,
                     enum walk_status *status)
{
    uint64_t word = 0;
    assert(regime->format && "a stage that is on");
    *status = regime->format->start(walk, regime, core->va);
    while (*status == WALK_FETCH) {
        enum memory memory = read_word(core, walk->fetch[0], &word);
        if (memory == MEMORY_DEVICE)
            return false;
        if (memory == MEMORY_WORD) {
            *status = regime->format->resume(walk, &word);
            continue;
        }
        walk->fault = FAULT_EXTERNAL_ABORT;
        walk->fault_level = walk->level;
        *status = WALK_FAULT;
    }
    return true;
}

static void use_leaf(struct core *core, struct walk_state *walk)
{
    struct walk_update update;
    while (walk_needs_update(walk, core->access->kind == ACCESS_STORE, &update)) {
        update_word(core, &update);
        (void)walk->regime->format->updated(walk); /* WALK_LEAF again */
    }
}

static bool translate_one(struct core *core, unsigned stage)
{
    const struct translation_regime *regime = stage == 1 ? &core->stage1 : &core->stage2;
    struct aarch64_outcome *outcome = core->outcome;
    struct walk_state walk;
    enum walk_status status;
    if (!walk_one(core, regime, &walk, &status))
        return false;
    unsigned right = ACCESS_RIGHT(core->access->privilege, core->access->kind);
    if (status == WALK_FAULT) {
        fail(core, walk.fault, walk.fault_level, stage, false);
    } else if (stage == 1 ? !is_allowed(core, &walk.leaf) : !(walk.leaf.rights_when_dirty & right)) {
        fail(core, FAULT_PERMISSION, walk.leaf.level, stage, false);
    } else {
        use_leaf(core, &walk);
        outcome->pa = output_of(&walk.leaf, core->va);
        outcome->memory =
            stage == 1 ? memory_of_stage1(core, &walk)
                       : vmsa_memory_combined(vmsa_memory_of_no_stage1(&core->registers, core->access->kind),
                                              vmsa_memory_of_stage2(&walk));
    }
    return true;
}

/* ---- Two stages ---- */

/* One step: memory, a change of an entry, or stage 2 from its root. False: a device was met. */
static bool step(struct core *core, struct two_stage_walk *walk, enum two_stage_status *status)
{
    uint64_t word = 0;
    if (*status == TWO_STAGE_TRANSLATE) {
        *status = two_stage_walk_stage2(walk, NULL);
    } else if (*status == TWO_STAGE_UPDATE) {
        update_word(core, &walk->update);
        *status = two_stage_updated(walk);
    } else {
        enum memory memory = read_word(core, walk->fetch[0], &word);
        if (memory == MEMORY_DEVICE)
            return false;
        *status = memory == MEMORY_WORD ? two_stage_resume(walk, &word) : two_stage_abort(walk);
    }
    return true;
}

/* To the end, or, `until_output`, until stage 1 is done and its output would be translated. */
static bool go_on(struct core *core, struct two_stage_walk *walk, bool until_output,
                  enum two_stage_status *status)
{
    while (*status != TWO_STAGE_LEAF && *status != TWO_STAGE_FAULT &&
           !(until_output && *status == TWO_STAGE_TRANSLATE && !walk->on_table))
        if (!step(core, walk, status))
            return false;
    return true;
}

static bool end_with_stage1(struct core *core, struct two_stage_walk *walk)
{
    struct walk_update update;
    bool store = core->access->kind == ACCESS_STORE;
    core->outcome->pa = walk->ipa;
    core->outcome->memory = memory_of_stage1(core, &walk->stage1);
    *core->why = WHY_UPDATE;
    return !walk_needs_update(&walk->stage1, store, &update);
}

/*
 * The manual's pseudocode updates the entry of stage 1 before stage 2 translates its output (J1.1.5,
 * AArch64.S1Translate); here both are updated after both have translated.
 */
static void end_with_fault(struct core *core, struct two_stage_walk *walk)
{
    const struct two_stage_fault *fault = &walk->fault;
    struct walk_update update;
    fail(core, fault->kind, fault->level, fault->stage, fault->on_table);
    core->outcome->table_level = walk->stage1.level;
    if (fault->stage == 2 && !fault->on_table &&
        walk_needs_update(&walk->stage1, core->access->kind == ACCESS_STORE, &update))
        vectors_leave_open(core->answer, "desc_writes", WHY_REFUSED);
}

static bool end_with_both(struct core *core, struct two_stage_walk *walk, enum two_stage_status status)
{
    unsigned right = ACCESS_RIGHT(core->access->privilege, core->access->kind);
    if (status == TWO_STAGE_LEAF && !(walk->output.leaf.rights_when_dirty & right))
        status = two_stage_refuse(walk, right);
    if (status == TWO_STAGE_LEAF) {
        status = two_stage_use(walk, core->access->kind == ACCESS_STORE);
        if (!go_on(core, walk, false, &status))
            return false;
    }
    if (status == TWO_STAGE_FAULT) {
        end_with_fault(core, walk);
        return true;
    }
    core->outcome->pa = output_of(&walk->leaf, core->va);
    core->outcome->memory =
        vmsa_memory_combined(vmsa_memory_of_stage1(&walk->stage1, core->registers.mair_el1),
                             vmsa_memory_of_stage2(&walk->output.walk));
    return true;
}

static bool translate_two(struct core *core)
{
    const struct two_stage_regime regime = {&core->stage1, &core->stage2};
    struct two_stage_walk walk;
    enum two_stage_status status = two_stage_start(&walk, &regime, core->va, NULL);
    if (!go_on(core, &walk, true, &status))
        return false;
    /* D8.1.5: a fault of stage 1 comes before one of stage 2 on what stage 1 translates to. */
    if (status == TWO_STAGE_TRANSLATE && !is_allowed(core, &walk.stage1.leaf)) {
        fail(core, FAULT_PERMISSION, walk.stage1.leaf.level, 1, false);
        return true;
    }
    if (status == TWO_STAGE_TRANSLATE && core->access->stage1_alone)
        return end_with_stage1(core, &walk);
    return go_on(core, &walk, false, &status) && end_with_both(core, &walk, status);
}

static bool translate_without_stage1(struct core *core, const struct vmsa_access *asked)
{
    if (!vmsa_stage1_is_off(&core->registers, asked, &core->va)) {
        fail(core, FAULT_ADDRESS_SIZE, 0, 1, false);
        return true;
    }
    return core->second && !core->access->stage1_alone ? translate_one(core, 2) : translate_flat(core);
}

/* ---- The interface ---- */

bool aarch64_translate(struct vectors_image *image, const struct aarch64_access *access,
                       struct vectors_answer *answer, struct aarch64_outcome *outcome, const char **why)
{
    struct core core = {.image = image, .access = access, .answer = answer, .outcome = outcome, .why = why};
    const struct vmsa_access asked = {access->va, access->privilege, access->kind};
    *outcome = (struct aarch64_outcome){0};
    read_registers(&core);
    core.first = vmsa_stage1_of_registers(&core.registers, &asked, &core.stage1, &core.va);
    outcome->va = core.va;
    core.second = vmsa_stage2_of_registers(&core.registers, &core.stage2);
    if (core.first && core.second)
        return translate_two(&core);
    return core.first ? translate_one(&core, 1) : translate_without_stage1(&core, &asked);
}

struct fault_report aarch64_report(const struct aarch64_outcome *outcome)
{
    struct fault_report report = {0};
    vmsa_4k_48.report(&outcome->cause, &report); /* the same in every format of EL1&0 and stage 2 */
    return report;
}
