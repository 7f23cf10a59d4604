/* VMSAv8-64: the walk engine. Section and rule numbers are those of the Arm ARM, DDI 0487, issue L.b. */
#include "pagetables/vmsa.h"

#include "pagetables/vmsa_leaf.h"
#include "pagetables/vmsa_parts.h"

/* What the numbers say of stage and regime. Known where a walk goes on, so that each kind has code of its
 * own. */
enum kind { STAGE1, EL2, STAGE2 };

static inline enum kind kind_of(const struct vmsa_numbers *numbers)
{
    return numbers->stage2 ? STAGE2 : numbers->el2 ? EL2 : STAGE1;
}

static inline const struct vmsa_numbers *numbers_of(const struct translation_regime *regime)
{
    return regime->format->numbers;
}

static inline uint64_t in_page(const struct vmsa_numbers *numbers)
{
    return (UINT64_C(1) << numbers->page_lg2) - 1;
}

/* ---- From the root, or from a table, to a leaf ---- */

/* D8.2.8.3, table D8-25: the descriptor's address is the table's, with the index in bits 11:3. The root is
 * indexed by all bits that are left: fewer than a table's, or more where stage 2 concatenates tables
 * (D8.2.9). */
static inline enum walk_status ask(struct walk_state *walk, const struct vmsa_numbers *numbers,
                                   uint64_t table, unsigned level)
{
    uint64_t index = walk->va >> numbers->span_lg2[level] & numbers->last_index[level];
    return walk_fetch_entry(walk, table + (index << 3), level);
}

enum walk_status vmsa_start(struct walk_state *walk, const struct translation_regime *regime, uint64_t va)
{
    const struct vmsa_numbers *numbers = numbers_of(regime);
    walk_begin(walk, regime, va, numbers->first_level);
    /* D8.1.9, D8.2.4: an address larger than the configured input size is a level 0 translation fault; below
     * TTBR1's region likewise. */
    uint64_t outside = (numbers->high ? ~va : va) >> numbers->va_bits;
    if (outside != 0 || regime->features & VMSA_NO_WALKS)
        return walk_end_with_fault(walk, FAULT_TRANSLATION, 0);
    /* D8.2.3 R_VPBBF: a base address beyond the output size is a level 0 address size fault, whatever the
     * first level. */
    if (walk_is_beyond(regime, regime->root))
        return walk_end_with_fault(walk, FAULT_ADDRESS_SIZE, 0);
    /* D8.2.3: a root is aligned to its size; one of less than a page may stand anywhere in it. */
    uint64_t in_root = UINT64_C(8) * numbers->last_index[numbers->first_level] + 7;
    return ask(walk, numbers, regime->root & ~in_root, numbers->first_level);
}

enum walk_status vmsa_enter(struct walk_state *walk, const struct translation_regime *regime, uint64_t va,
                            const struct walk_table *table)
{
    walk_begin(walk, regime, va, table->level);
    walk->inherited = table->inherited;
    return ask(walk, numbers_of(regime), table->pa, table->level);
}

bool vmsa_current_table(const struct walk_state *walk, struct walk_table *table)
{
    const struct vmsa_numbers *numbers = numbers_of(walk->regime);
    if (walk->level == numbers->first_level)
        return false;
    table->span_lg2 = (uint8_t)numbers->span_lg2[walk->level - 1];
    table->va = walk->va & ~((UINT64_C(1) << table->span_lg2) - 1);
    table->pa = walk->fetch[0] & ~in_page(numbers);
    table->inherited = walk->inherited;
    table->level = walk->level;
    return true;
}

/* ---- The leaf ---- */

/* Whether hardware makes clean entries dirty; D8.5.2: HD has an effect only where HA = 1. */
static inline bool makes_dirty(const struct translation_regime *regime)
{
    return regime->hardware_access && regime->hardware_dirty;
}

static inline uint8_t rights_of(const struct walk_state *walk, enum kind kind, uint64_t word)
{
    if (kind == STAGE2)
        return vmsa_s2_rights(word, walk->regime->execute_by_privilege);
    bool wxn = walk->regime->features & VMSA_WXN;
    /* TCR_ELx.HPDn: the tables' bits are ignored. */
    uint64_t inherited = walk->regime->features & VMSA_HPD ? 0 : walk->inherited;
    return kind == EL2 ? vmsa_el2_rights(word, inherited, wxn) : vmsa_s1_rights(word, inherited, wxn);
}

static inline uint32_t attributes_of(enum kind kind, uint64_t word, unsigned rights)
{
    if (kind == STAGE2)
        return vmsa_s2_attributes(word, rights);
    return kind == EL2 ? vmsa_el2_attributes(word, rights) : vmsa_s1_attributes(word, rights);
}

/*
 * Rights and attributes of the leaf as its entry is now. D8.5.2: where hardware makes entries dirty, a clean
 * one has the rights of a dirty one; here the stores are told apart, which need the update.
 */
static inline void set_rights(struct walk_state *walk, enum kind kind)
{
    uint64_t word = walk->entry;
    bool clean = vmsa_is_clean(kind == STAGE2, word);
    struct walk_leaf *leaf = &walk->leaf;
    uint8_t meant = rights_of(walk, kind, clean ? vmsa_dirty(kind == STAGE2, word) : word);
    leaf->frame.attributes = attributes_of(kind, word, meant);
    leaf->rights = meant;
    leaf->rights_when_dirty = meant;
    if (clean && makes_dirty(walk->regime))
        leaf->rights = meant & (uint8_t)~VMSA_STORES;
    else if (clean)
        leaf->rights = leaf->rights_when_dirty = rights_of(walk, kind, word);
}

/*
 * D8.7.1: an entry with the contiguous bit may be cached for its whole run, and need not be. That is done
 * where the entry itself stands at the place in the run that its output address says; another one is software
 * that breaks the rules, and is taken for what it maps alone.
 */
static inline unsigned leaf_size_lg2(const struct walk_state *walk, const struct vmsa_numbers *numbers,
                                     uint64_t word)
{
    unsigned own_lg2 = numbers->span_lg2[walk->level];
    unsigned run_lg2 = numbers->run_lg2[walk->level];
    uint64_t in_run = ((UINT64_C(1) << run_lg2) - 1) << own_lg2;
    if (!walk->regime->contiguous || !(word & VMSA_CONTIGUOUS) || (word ^ walk->va) & in_run)
        return own_lg2;
    return own_lg2 + run_lg2;
}

static inline enum walk_status end_with_leaf(struct walk_state *walk, enum kind kind, uint64_t word)
{
    const struct vmsa_numbers *numbers = numbers_of(walk->regime);
    unsigned level = walk->level;
    /* D8.3.1.2, table D8-52: the bits of a block's address that are below its size are RES0 and do not take
     * part. */
    uint64_t own_base = word & VMSA_ADDRESS & ~((UINT64_C(1) << numbers->span_lg2[level]) - 1);
    if (walk_is_beyond(walk->regime, own_base))
        return walk_end_with_fault(walk, FAULT_ADDRESS_SIZE, level);
    /* D8.5.1: with software management, AF = 0 is an access flag fault at this level. */
    if (!(word & VMSA_AF) && !walk->regime->hardware_access)
        return walk_end_with_fault(walk, FAULT_ACCESS_FLAG, level);
    unsigned size_lg2 = leaf_size_lg2(walk, numbers, word);
    uint64_t in_frame = (UINT64_C(1) << size_lg2) - 1;
    walk->fetches = 0;
    walk->entry = word;
    walk->leaf.level = (uint8_t)level;
    walk->leaf.va = walk->va & ~in_frame;
    walk->leaf.frame.base = own_base & ~in_frame;
    walk->leaf.frame.size_lg2 = (uint8_t)size_lg2;
    set_rights(walk, kind);
    return WALK_LEAF;
}

static inline enum walk_status resume(struct walk_state *walk, enum kind kind, uint64_t word)
{
    const struct vmsa_numbers *numbers = numbers_of(walk->regime);
    unsigned level = walk->level;
    /* D8.2.1, D8.3 R_JXLYN: an invalid descriptor is a translation fault at the level of its lookup. */
    if (!(word & VMSA_VALID))
        return walk_end_with_fault(walk, FAULT_TRANSLATION, level);
    if (word & VMSA_TABLE && level < VMSA_LAST_LEVEL) {
        uint64_t table = word & VMSA_ADDRESS & ~in_page(numbers);
        /* D8.1.7 I_HGDWP: an address beyond the output size faults at the level that holds it. */
        if (walk_is_beyond(walk->regime, table))
            return walk_end_with_fault(walk, FAULT_ADDRESS_SIZE, level);
        /* D8.4.1.2 R_YTXKB and the following: a table restricts all levels below it. Stage 2 has no such
         * bits (D8.3.1.1). */
        if (kind != STAGE2)
            walk->inherited |=
                word & (VMSA_AP_TABLE_NOUSER | VMSA_AP_TABLE_NOSTORE | VMSA_UXN_TABLE | VMSA_PXN_TABLE);
        return ask(walk, numbers, table, level + 1);
    }
    /* D8.3, table D8-48: no block at a level without block size, and bit 1 clear at level 3, are treated as
     * invalid. */
    if (level == VMSA_LAST_LEVEL ? !(word & VMSA_TABLE) : level < numbers->block_level)
        return walk_end_with_fault(walk, FAULT_TRANSLATION, level);
    return end_with_leaf(walk, kind, word);
}

enum walk_status vmsa_s1_resume(struct walk_state *walk, const uint64_t *words)
{
    return resume(walk, STAGE1, words[0]);
}

enum walk_status vmsa_el2_resume(struct walk_state *walk, const uint64_t *words)
{
    return resume(walk, EL2, words[0]);
}

enum walk_status vmsa_s2_resume(struct walk_state *walk, const uint64_t *words)
{
    return resume(walk, STAGE2, words[0]);
}

/* ---- Hardware updates ---- */

/* D8.5.1 (AF), D8.5.2 (dirty state): one atomic update does both. Of a contiguous run it changes the entry
 * that was read, which the manual allows. */
bool vmsa_update(struct walk_state *walk, bool store, struct walk_update *update)
{
    bool stage2 = numbers_of(walk->regime)->stage2;
    walk->desired = walk->entry;
    if (walk->regime->hardware_access)
        walk->desired |= VMSA_AF;
    if (store && makes_dirty(walk->regime) && vmsa_is_clean(stage2, walk->entry))
        walk->desired = vmsa_dirty(stage2, walk->desired);
    *update = (struct walk_update){walk->fetch[0], walk->entry, walk->desired};
    return walk->desired != walk->entry;
}

enum walk_status vmsa_updated(struct walk_state *walk)
{
    walk->entry = walk->desired;
    set_rights(walk, kind_of(numbers_of(walk->regime)));
    return WALK_LEAF;
}

/* ---- The state of the core ---- */

/* D8.4.1.2, PSTATE.PAN: privileged loads and stores do not reach what EL0 can load or store. What EL0 can
 * only execute they do reach (SCTLR_EL1.EPAN = 0). */
uint8_t vmsa_s1_allowed(const struct access_controls *controls, uint8_t rights, uint32_t attributes)
{
    const unsigned user_data =
        ACCESS_RIGHT(PRIVILEGE_USER, ACCESS_LOAD) | ACCESS_RIGHT(PRIVILEGE_USER, ACCESS_STORE);
    const unsigned kernel_data =
        ACCESS_RIGHT(PRIVILEGE_KERNEL, ACCESS_LOAD) | ACCESS_RIGHT(PRIVILEGE_KERNEL, ACCESS_STORE);
    bool denied = controls->flags & CONTROL_PAN && rights & user_data;
    return denied ? (uint8_t)(rights & ~kernel_data) : rights;
}

/* HCR_EL2.PTW: a table of stage 1 that stage 2 has as Device memory is a permission fault of stage 2. */
bool vmsa_s2_refuses_table(const struct translation_regime *regime, const struct walk_leaf *leaf)
{
    return regime->features & VMSA_PTW && leaf->frame.attributes & FRAME_DEVICE;
}
