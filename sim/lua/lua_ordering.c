/*
 * core: barriers and invalidations, which each architecture has of its own.
 */
#include <string.h>

#include "sim/lua/lua_script.h"
#include "sim/shootdown.h"

#define ARM    (1u << ORDERING_ARM)
#define X86    (1u << ORDERING_X86)
#define RISCV  (1u << ORDERING_RISCV)
#define LISTED 64 /* invalidations of one interrupt */

/* Raises unless the machine's cores have the instruction. */
static struct script_core *check_instruction(lua_State *state, const char *instruction, unsigned orderings)
{
    static const char *const have[ORDERINGS] = {
        "arm has core:dsb, core:dmb and core:isb, and core:tlbi",
        "x86 has core:fence, and core:invlpg and core:invpcid",
        "riscv has core:fence, and core:sfence_vma",
    };
    struct script_core *core = check_own_core(state, 1);
    uint64_t ordering = script_config(core->script)->ordering;
    if (!(orderings >> ordering & 1))
        luaL_error(state, "this machine has no %s, by its ordering: %s", instruction, have[ordering]);
    return core;
}

/* ---- barriers ------------------------------------------------------------------------------------ */

static int do_barrier(lua_State *state, struct script_core *core, enum barrier_kind kind)
{
    struct core_operation operation = {.kind = CORE_BARRIER, .barrier = kind};
    script_do(state, core, &operation);
    return 0;
}

static int core_dsb(lua_State *state)
{
    static const char *const names[] = {"ish", "nsh", "ishst", NULL};
    static const enum barrier_kind kinds[] = {BARRIER_DSB_ISH, BARRIER_DSB_NSH, BARRIER_DSB_ISHST};
    struct script_core *core = check_instruction(state, "DSB", ARM);
    int kind = lua_isnoneornil(state, 2) ? 0 : check_choice(state, 2, "the kind of DSB", names);
    return do_barrier(state, core, kinds[kind]);
}

static int core_dmb(lua_State *state)
{
    static const char *const names[] = {"ish", "ishst", NULL};
    static const enum barrier_kind kinds[] = {BARRIER_DMB_ISH, BARRIER_DMB_ISHST};
    struct script_core *core = check_instruction(state, "DMB", ARM);
    int kind = lua_isnoneornil(state, 2) ? 0 : check_choice(state, 2, "the kind of DMB", names);
    return do_barrier(state, core, kinds[kind]);
}

static int core_isb(lua_State *state)
{
    return do_barrier(state, check_instruction(state, "ISB", ARM), BARRIER_ISB);
}

static int core_fence(lua_State *state)
{
    return do_barrier(state, check_instruction(state, "core:fence", X86 | RISCV), BARRIER_FENCE);
}

/* ---- what is invalidated ------------------------------------------------------------------------- */

static uint16_t check_asid(lua_State *state, int index)
{
    if (luaL_testudata(state, index, SPACE_TYPE))
        return check_space(state, index)->context.asid;
    return (uint16_t)check_range(state, index, "the ASID", 0, UINT16_MAX);
}

static uint16_t active_vmid(const struct script_core *core)
{
    return core->space ? core->space->context.vmid : 0;
}

/* What a table says of an invalidation. */
struct described {
    struct invalidation what;
    bool va, ipa, asid;
};

static void read_address(lua_State *state, int table, struct described *described)
{
    struct invalidation *what = &described->what;
    described->va = push_field(state, table, "va");
    if (described->va)
        what->va = check_integer(state, -1, "va");
    described->ipa = push_field(state, table, "ipa");
    if (described->ipa)
        what->va = check_integer(state, -1, "ipa");
    what->size_bytes = size_field(state, table, "size", 0);
    if (what->size_bytes == 0 && push_field(state, table, "size"))
        luaL_error(state, "size is 0; it must be at least 1 byte, or left out for one page");
    if (described->va && described->ipa)
        luaL_error(state, "an invalidation has va or ipa, not both");
    if (what->size_bytes && !described->va && !described->ipa)
        luaL_error(state, "size is that of a range, which needs va or ipa");
    if (what->size_bytes && what->va + (what->size_bytes - 1) < what->va)
        luaL_error(state, "the range goes beyond the last address");
}

static void read_tags(lua_State *state, int table, const struct script_core *core,
                      struct described *described)
{
    described->asid = push_field(state, table, "asid");
    if (described->asid)
        described->what.asid = check_asid(state, lua_gettop(state));
    described->what.vmid = active_vmid(core);
    if (push_field(state, table, "vmid"))
        described->what.vmid = (uint16_t)check_range(state, -1, "vmid", 0, UINT16_MAX);
}

static enum invalidation_scope implied_scope(const struct described *described)
{
    if (described->ipa)
        return INVALIDATE_IPA;
    if (described->va)
        return described->asid ? INVALIDATE_VA : INVALIDATE_VA_ALL_ASIDS;
    return described->asid ? INVALIDATE_ASID : INVALIDATE_ALL;
}

/* The scope goes without saying, but for "vmid"; if it is said, it must be the one of the other keys. */
static void read_scope(lua_State *state, int table, struct described *described)
{
    static const char *const names[] = {"va", "va-all-asids", "asid", "all", "ipa", "vmid", NULL};
    static const char *const keys[] = {"va and asid", "va without asid",
                                       "asid alone",  "no address and no asid",
                                       "ipa",         "no address and no asid"};
    enum invalidation_scope implied = implied_scope(described);
    if (described->ipa && described->asid)
        luaL_error(state, "an invalidation by ipa has no asid");
    described->what.scope = implied;
    if (!push_field(state, table, "scope"))
        return;
    int scope = check_choice(state, -1, "scope", names);
    described->what.scope = (enum invalidation_scope)scope;
    if (scope == (int)implied || (scope == INVALIDATE_VMID && implied == INVALIDATE_ALL))
        return;
    luaL_error(state, "the scope \"%s\" goes with %s", names[scope], keys[scope]);
}

static struct invalidation read_invalidation(lua_State *state, int table, const struct script_core *core)
{
    struct described described = {0};
    int top = lua_gettop(state);
    read_address(state, table, &described);
    read_tags(state, table, core, &described);
    read_scope(state, table, &described);
    described.what.last_level_only = flag_field(state, table, "last_level", false);
    lua_settop(state, top);
    return described.what;
}

static int do_invalidation(lua_State *state, struct script_core *core, const struct invalidation *what)
{
    struct core_operation operation = {.kind = CORE_INVALIDATE, .invalidation = *what};
    script_do(state, core, &operation);
    return 0;
}

/* ---- Arm ----------------------------------------------------------------------------------------- */

struct tlbi_name {
    const char *name;
    enum invalidation_scope scope;
    bool broadcast;
    bool last_level_only;
};

/* TLBI operations of EL1 (Arm ARM DDI 0487, C5.5). */
static const struct tlbi_name tlbi_names[] = {
    {"vmalle1", INVALIDATE_ALL, false, false},
    {"vmalle1is", INVALIDATE_ALL, true, false},
    {"vae1", INVALIDATE_VA, false, false},
    {"vae1is", INVALIDATE_VA, true, false},
    {"vale1", INVALIDATE_VA, false, true},
    {"vale1is", INVALIDATE_VA, true, true},
    {"vaae1", INVALIDATE_VA_ALL_ASIDS, false, false},
    {"vaae1is", INVALIDATE_VA_ALL_ASIDS, true, false},
    {"vaale1", INVALIDATE_VA_ALL_ASIDS, false, true},
    {"vaale1is", INVALIDATE_VA_ALL_ASIDS, true, true},
    {"aside1", INVALIDATE_ASID, false, false},
    {"aside1is", INVALIDATE_ASID, true, false},
};
#define TLBI_NAMES (sizeof tlbi_names / sizeof *tlbi_names)

/* tlbi("vae1is", va, asid), tlbi("vaae1is", va), tlbi("aside1is", asid), tlbi("vmalle1is") */
static struct invalidation read_named_tlbi(lua_State *state, const struct script_core *core)
{
    const char *names[TLBI_NAMES + 1] = {NULL};
    for (size_t i = 0; i < TLBI_NAMES; i++)
        names[i] = tlbi_names[i].name;
    const struct tlbi_name *tlbi = &tlbi_names[check_choice(state, 2, "the TLBI operation", names)];
    struct invalidation what = {.scope = tlbi->scope,
                                .vmid = active_vmid(core),
                                .broadcast = tlbi->broadcast,
                                .last_level_only = tlbi->last_level_only};
    int next = 3;
    if (tlbi->scope == INVALIDATE_VA || tlbi->scope == INVALIDATE_VA_ALL_ASIDS)
        what.va = check_integer(state, next++, "the address");
    if (tlbi->scope == INVALIDATE_VA || tlbi->scope == INVALIDATE_ASID)
        what.asid = check_asid(state, next);
    return what;
}

static int core_tlbi(lua_State *state)
{
    static const char *const keys[] = {"va",    "ipa",       "size",       "asid", "vmid",
                                       "scope", "broadcast", "last_level", NULL};
    struct script_core *core = check_instruction(state, "TLBI", ARM);
    struct invalidation what;
    if (lua_istable(state, 2)) {
        check_keys(state, 2, "core:tlbi", keys);
        what = read_invalidation(state, 2, core);
        what.broadcast = flag_field(state, 2, "broadcast", false);
    } else {
        what = read_named_tlbi(state, core);
    }
    return do_invalidation(state, core, &what);
}

/* ---- x86 ----------------------------------------------------------------------------------------- */

/* Of the current PCID, and global entries (SDM volume 2, INVLPG). */
static int core_invlpg(lua_State *state)
{
    struct script_core *core = check_instruction(state, "INVLPG", X86);
    require_space(state, core);
    struct invalidation what = {.va = check_integer(state, 2, "the address"),
                                .asid = core->space->context.asid,
                                .vmid = active_vmid(core),
                                .scope = INVALIDATE_VA};
    return do_invalidation(state, core, &what);
}

/* The types of INVPCID (SDM volume 2, INVPCID), by number. */
static int core_invpcid(lua_State *state)
{
    static const char *const keys[] = {"type", "asid", "va", NULL};
    static const char *const types[] = {"address", "single", "all", "all-but-global", NULL};
    static const enum invalidation_scope scopes[] = {INVALIDATE_VA, INVALIDATE_ASID, INVALIDATE_ALL,
                                                     INVALIDATE_ALL};
    struct script_core *core = check_instruction(state, "INVPCID", X86);
    check_keys(state, 2, "core:invpcid", keys);
    if (!push_field(state, 2, "type"))
        return luaL_error(state, "core:invpcid needs a type: \"address\", \"single\", \"all\" or "
                                 "\"all-but-global\"");
    int type = check_choice(state, -1, "the type of INVPCID", types);
    struct invalidation what = {.vmid = active_vmid(core), .scope = scopes[type]};
    bool has_va = push_field(state, 2, "va");
    if (has_va)
        what.va = check_integer(state, -1, "va");
    bool has_asid = push_field(state, 2, "asid");
    if (has_asid)
        what.asid = check_asid(state, lua_gettop(state));
    if (has_va != (type == 0) || has_asid != (type <= 1))
        return luaL_error(state, "INVPCID of type \"%s\" has %s", types[type],
                          type == 0   ? "asid and va"
                          : type == 1 ? "asid, and no va"
                                      : "neither asid nor va");
    return do_invalidation(state, core, &what);
}

/* ---- RISC-V -------------------------------------------------------------------------------------- */

/* Without an address all, without an ASID of all spaces (Privileged, Supervisor Memory-Management Fence). */
static int core_sfence_vma(lua_State *state)
{
    static const char *const keys[] = {"va", "asid", NULL};
    struct script_core *core = check_instruction(state, "SFENCE.VMA", RISCV);
    if (lua_isnoneornil(state, 2)) {
        lua_settop(state, 1);
        lua_newtable(state);
    }
    check_keys(state, 2, "core:sfence_vma", keys);
    struct invalidation what = read_invalidation(state, 2, core);
    return do_invalidation(state, core, &what);
}

/* ---- interrupts ---------------------------------------------------------------------------------- */

static uint64_t read_targets(lua_State *state, const struct script_core *core)
{
    uint64_t cores = script_config(core->script)->cores, targets = 0;
    if (!push_field(state, 2, "cores") || !lua_istable(state, -1) || lua_rawlen(state, -1) == 0)
        luaL_error(state, "core:ipi needs cores: a list of numbers, such as { 2, 3 }");
    for (lua_Integer i = 1; i <= (lua_Integer)lua_rawlen(state, -1); i++) {
        lua_rawgeti(state, -1, i);
        uint64_t number = check_range(state, -1, "a core of core:ipi", 1, cores);
        if (number == core->index + 1)
            luaL_error(state, "core %d cannot interrupt itself", (int)number);
        targets |= UINT64_C(1) << (number - 1);
        lua_pop(state, 1);
    }
    lua_pop(state, 1);
    return targets;
}

static uint32_t read_list(lua_State *state, const struct script_core *core, struct invalidation *list)
{
    static const char *const keys[] = {"va", "ipa", "size", "asid", "vmid", "scope", "last_level", NULL};
    if (!push_field(state, 2, "invalidations") || !lua_istable(state, -1) || lua_rawlen(state, -1) == 0)
        luaL_error(state, "core:ipi needs invalidations: a list of tables, such as { { va = 0x400000 } }");
    int table = lua_gettop(state);
    lua_Integer count = (lua_Integer)lua_rawlen(state, table);
    if (count > LISTED)
        luaL_error(state, "one interrupt carries at most %d invalidations", LISTED);
    for (lua_Integer i = 0; i < count; i++) {
        lua_rawgeti(state, table, i + 1);
        check_keys(state, lua_gettop(state), "an invalidation of core:ipi", keys);
        list[i] = read_invalidation(state, lua_gettop(state), core);
        list[i].broadcast = true;
        lua_pop(state, 1);
    }
    lua_pop(state, 1);
    return (uint32_t)count;
}

/* In an exploration interrupts go to all cores at once, and each invalidates as the caller does then. */
static void interrupt_all(lua_State *state, struct script_core *core, uint64_t targets,
                          const struct invalidation *list, uint32_t count)
{
    const struct mmu_config *config = script_config(core->script);
    uint64_t all = (UINT64_C(1) << config->cores) - 1;
    if (config->ordering == ORDERING_ARM)
        luaL_error(state, "core:ipi is explored for x86 and riscv; arm has core:tlbi with broadcast");
    if ((targets | UINT64_C(1) << core->index) != all)
        luaL_error(state, "core:ipi that is explored goes to all other cores");
    for (uint32_t i = 0; i < count; i++)
        (void)do_invalidation(state, core, &list[i]);
}

static int core_ipi(lua_State *state)
{
    static const char *const keys[] = {"cores", "invalidations", "wait", NULL};
    struct script_core *core = check_own_core(state, 1);
    struct invalidation list[LISTED];
    check_keys(state, 2, "core:ipi", keys);
    uint64_t targets = read_targets(state, core);
    uint32_t count = read_list(state, core, list);
    bool wait = flag_field(state, 2, "wait", true);
    if (core->script->exploration) {
        interrupt_all(state, core, targets, list, count);
    } else {
        (void)shootdown_interrupt(&core->script->simulation, core->index, targets, list, count);
        script_resumed(state, core); /* raises if it was stopped */
    }
    return wait ? do_barrier(state, core, BARRIER_DSB_ISH) : 0;
}

void add_ordering_methods(lua_State *state)
{
    static const luaL_Reg methods[] = {
        {"tlbi", core_tlbi},       {"dsb", core_dsb},
        {"dmb", core_dmb},         {"isb", core_isb},
        {"fence", core_fence},     {"invlpg", core_invlpg},
        {"invpcid", core_invpcid}, {"sfence_vma", core_sfence_vma},
        {"ipi", core_ipi},         {NULL, NULL},
    };
    luaL_setfuncs(state, methods, 0);
}
