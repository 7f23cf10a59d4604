/* What the rules say of a translation, of a fault, and of the table at rest. */
#include "sim/explore/rules_internal.h"
#include "sim/specification/invariants.h"

static const struct change *change_at(const struct rules *rules, uint16_t change)
{
    return intern_bytes(rules->changes, change, NULL);
}

static bool covers(const struct mapping *mapping, uint64_t va)
{
    return mapping->frame.size_lg2 != 0 && mapping_contains(mapping, va);
}

/* Every mapping that may hold at the address; false of `next` ends. */
typedef bool (*version_visitor)(void *context, const struct mapping *mapping);
static void visit_versions(const struct rules *rules, uint32_t number, uint64_t va, version_visitor next,
                           void *context)
{
    const struct versions *versions = intern_bytes(rules->versions, number, NULL);
    struct mapping found;
    if (rules_find_in_map(rules, versions->map, va, &found) && !next(context, &found))
        return;
    for (unsigned i = 0; i < CHANGES_MAX && versions->changes[i] != 0; i++) {
        const struct change *change = change_at(rules, versions->changes[i]);
        if ((covers(&change->before, va) && !next(context, &change->before)) ||
            (covers(&change->after, va) && !next(context, &change->after)))
            return;
    }
}

bool rules_touches(struct rules *rules, const struct rules_state *state, unsigned core, uint64_t va)
{
    for (unsigned i = 0; i <= RULES_CLOSING; i++) {
        uint16_t open = i < RULES_CLOSING ? state->closing[core][i].change : state->running[core].change;
        if (open != 0 &&
            (covers(&change_at(rules, open)->before, va) || covers(&change_at(rules, open)->after, va)))
            return true;
    }
    return false;
}

/* ---- verdicts ------------------------------------------------------------------------------------- */

struct weighing {
    const struct rules *rules;
    const struct walk_leaf *leaf;
    uint8_t right; /* the access's; 0: none */
    bool any;      /* some version maps the address */
    bool same;     /* some is what the leaf says */
    bool permits;  /* and permits the access */
    bool forbids;
};

/* Entries that software keeps old permit nothing, clean ones no stores: sim/README.md. */
static uint8_t rights_of(const struct rules *rules, uint32_t attributes)
{
    const uint32_t known = attributes & (FRAME_ATTRIBUTES_ALL | FRAME_CLEAN);
    return attributes & FRAME_OLD ? 0 : rules->config.context->regime.format->rights(known);
}

/* Whether a translation is what the mapping stands for, or what it stood for before rights were added. */
static bool is_same(const struct rules *rules, const struct mapping *mapping, const struct walk_leaf *leaf)
{
    const uint32_t wants = mapping->frame.attributes & FRAME_ATTRIBUTES_ALL;
    const uint32_t has = leaf->frame.attributes & FRAME_ATTRIBUTES_ALL;
    if (mapping->va != leaf->va || mapping->frame.base != leaf->frame.base ||
        mapping->frame.size_lg2 != leaf->frame.size_lg2 ||
        leaf->rights_when_dirty & ~rights_of(rules, mapping->frame.attributes & ~(uint32_t)FRAME_OLD))
        return false;
    return has == wants || (mapping->frame.attributes & RIGHTS_WERE_ADDED &&
                            ((has ^ wants) & ~MAY_BE_ADDED) == 0 && (has & ~wants) == 0);
}

static uint8_t allowed_of(const struct rules *rules, uint32_t attributes)
{
    const struct translation_regime *regime = &rules->config.context->regime;
    return walk_allowed(regime->format, &regime->controls, rights_of(rules, attributes), attributes);
}

static bool weigh(void *context, const struct mapping *mapping)
{
    struct weighing *weighing = context;
    const struct walk_leaf *leaf = weighing->leaf;
    bool permits = (allowed_of(weighing->rules, mapping->frame.attributes) & weighing->right) != 0;
    weighing->any = true;
    weighing->forbids = weighing->forbids || !permits;
    if (!leaf)
        return true;
    if (!is_same(weighing->rules, mapping, leaf))
        return true;
    weighing->same = true;
    weighing->permits = weighing->permits || permits;
    return true;
}

/* Whether the translation was right at some time: some change took it away, or made it. */
static bool was_right(const struct rules *rules, const struct walk_leaf *leaf)
{
    struct weighing weighing = {.rules = rules, .leaf = leaf};
    for (uint32_t i = 1; i < intern_count(rules->changes); i++) {
        const struct change *change = change_at(rules, (uint16_t)i);
        if (change->before.frame.size_lg2 != 0)
            (void)weigh(&weighing, &change->before);
    }
    return weighing.same;
}

static uint32_t weigh_use(struct rules *rules, uint32_t versions, uint16_t number, uint8_t right, bool entry)
{
    const struct walk_leaf *leaf = &small_leaf_of(rules->config.machine, number)->leaf;
    struct weighing weighing = {.rules = rules, .leaf = leaf, .right = right};
    visit_versions(rules, versions, leaf->va, weigh, &weighing);
    if (weighing.same && (entry || weighing.permits))
        return 0;
    if (weighing.same)
        return FINDING(RULE_FORBIDDEN_ACCESS);
    if (was_right(rules, leaf))
        return entry ? FINDING(RULE_STALE_ENTRY) : FINDING(RULE_STALE_TRANSLATION);
    return weighing.any ? FINDING(RULE_WRONG_FRAME) : FINDING(RULE_NEVER_MAPPED);
}

static uint32_t judge_use(struct rules *rules, const struct rules_state *state, uint16_t leaf, uint8_t right,
                          bool entry)
{
    const struct small_leaf *found = small_leaf_of(rules->config.machine, leaf);
    const struct small_context *own = rules->config.context;
    if (found->asid != own->asid || found->vmid != own->vmid)
        return 0;
    uint32_t versions = state->versions;
    uint64_t key = rules_key(entry ? RULES_ENTRY : RULES_ACCESS, versions, (uint64_t)leaf << 8 | right);
    uint64_t known = memo_get(rules->memo, key);
    if (known != MEMO_NONE)
        return (uint32_t)known;
    uint32_t finding = weigh_use(rules, versions, leaf, right, entry);
    (void)memo_put(rules->memo, key, finding);
    return finding;
}

uint32_t rules_judge_access(struct rules *rules, const struct rules_state *state, uint16_t leaf,
                            enum access_kind kind, enum privilege privilege)
{
    return judge_use(rules, state, leaf, ACCESS_RIGHT(privilege, kind), false);
}

uint32_t rules_judge_entry(struct rules *rules, const struct rules_state *state, uint16_t leaf)
{
    return judge_use(rules, state, leaf, 0, true);
}

bool rules_must_permit(struct rules *rules, const struct rules_state *state, uint64_t va,
                       enum access_kind kind, enum privilege privilege)
{
    uint8_t address;
    if (!small_address(rules->config.machine, va, &address))
        return false;
    uint32_t versions = state->versions;
    uint8_t right = ACCESS_RIGHT(privilege, kind);
    uint64_t key = rules_key(RULES_PERMITS, versions, (uint64_t)address << 8 | right);
    uint64_t known = memo_get(rules->memo, key);
    if (known != MEMO_NONE)
        return known != 0;
    struct weighing weighing = {.rules = rules, .right = right};
    visit_versions(rules, versions, va, weigh, &weighing);
    bool must = weighing.any && !weighing.forbids;
    for (unsigned core = 0; must && core < SMALL_CORES; core++)
        must = !rules_touches(rules, state, core, va);
    (void)memo_put(rules->memo, key, must);
    return must;
}

/* ---- the table at rest ---------------------------------------------------------------------------- */

struct reading {
    const struct rules *rules;
    const struct small_state *state;
};

static bool read_word(void *context, uint64_t pa, uint64_t *value)
{
    const struct reading *reading = context;
    const struct small_machine *machine = reading->rules->config.machine;
    if (pa > reading->rules->config.memory_bytes - 8)
        return false;
    *value = small_value_of(machine, small_memory_at(machine, reading->state, pa));
    return true;
}

struct counting {
    uint64_t base;
    uint64_t reached;
    bool wrong;
};

static bool count_block(void *context, uint64_t pa, uint64_t size_bytes)
{
    struct counting *counting = context;
    for (uint64_t at = 0; at < size_bytes; at += 4096) {
        uint64_t unit = (pa + at - counting->base) / 4096;
        if (pa < counting->base || unit >= 64)
            counting->wrong = true;
        else
            counting->reached |= UINT64_C(1) << unit;
    }
    return true;
}

static bool stands_for(struct rules *rules, const struct s1_page_table *view, uint16_t map)
{
    struct page_table_state state;
    if (!rules_map_of(rules, map, &state))
        return rules_fail(rules, rules_no_memory);
    bool equal = mappings_equal(&view->interpretation, &state.mappings);
    page_table_state_destroy(&state);
    return equal;
}

uint32_t rules_judge_view(struct rules *rules, const struct rules_state *state,
                          const struct small_state *machine, uint32_t block, uint64_t tables_base,
                          uint64_t allocated)
{
    struct reading reading = {rules, machine};
    const struct pagetable_class *table = rules->config.table;
    struct concrete_table concrete = {.table = table,
                                      .state = operation_tree_state(rules->config.tree, block),
                                      .regime = rules->config.context->regime,
                                      .memory = {read_word, &reading}};
    struct s1_page_table view = {0};
    enum pagetable_result result = view_page_table(&concrete, &view);
    bool stands = result == PAGETABLE_OK && stands_for(rules, &view, state->map);
    s1_page_table_destroy(&view);
    if (result == PAGETABLE_NO_MEMORY)
        return rules_fail(rules, rules_no_memory);
    if (!page_table_invariants(&concrete, NULL))
        return FINDING(RULE_TABLE_INVARIANT);
    if (!stands)
        return FINDING(RULE_VIEW_DIFFERS);
    struct counting counting = {.base = tables_base};
    if (!table->blocks)
        return 0;
    if (table->blocks(concrete.state, &concrete.memory, count_block, &counting) != PAGETABLE_OK ||
        counting.wrong || counting.reached != allocated)
        return FINDING(RULE_LOST_TABLE);
    return 0;
}
