/* x86-64 paging and EPT: the walk engine. Sections are those of the SDM that pagetables/x86.h names. */
#include "pagetables/formats.h"
#include "pagetables/x86_leaf.h"

#define PAGE_LG2   12
#define INDEX_BITS 9
#define IN_PAGE    UINT64_C(0xfff)

/* Numbers of one format: walk_format.numbers. */
struct x86_numbers {
    uint8_t va_bits;
    uint8_t top_level;
    bool ept;
    uint64_t accessed;
    uint64_t dirty;
    uint64_t gives; /* bits that every entry of a walk must have set to have an effect */
    uint64_t takes; /* bits that have an effect where any entry has one set */
};

static inline const struct x86_numbers *numbers_of(const struct translation_regime *regime)
{
    return regime->format->numbers;
}

/* SDM 4.5.4, 29.3.2: each level resolves 9 bits. */
static inline unsigned span_lg2(unsigned level)
{
    return PAGE_LG2 + (level - 1) * INDEX_BITS;
}

/* Bits of an address field at and above the physical-address width. */
static inline uint64_t beyond(const struct translation_regime *regime)
{
    unsigned size_lg2 = regime->physical_size_lg2;
    return size_lg2 < 64 ? X86_ADDRESS & ~((UINT64_C(1) << size_lg2) - 1) : 0;
}

/* Whether hardware sets accessed and dirty flags. x86-64: always (SDM 4.8); EPT: where bit 6 of EPTP says so
 * (SDM 29.3.5). */
static inline bool sets_flags(const struct translation_regime *regime)
{
    return !numbers_of(regime)->ept || (regime->hardware_access && regime->hardware_dirty);
}

/* ---- From the root, or from a table, to a leaf ---- */

static inline enum walk_status ask(struct walk_state *walk, uint64_t table, unsigned level)
{
    uint64_t index = walk->va >> span_lg2(level) & ((UINT64_C(1) << INDEX_BITS) - 1);
    return walk_fetch_entry(walk, table + (index << 3), level);
}

static inline bool is_canonical(uint64_t va, unsigned va_bits)
{
    uint64_t high = va >> (va_bits - 1);
    return high == 0 || high == UINT64_MAX >> (va_bits - 1);
}

static enum walk_status start(struct walk_state *walk, const struct translation_regime *regime, uint64_t va)
{
    const struct x86_numbers *numbers = numbers_of(regime);
    walk_begin(walk, regime, va, numbers->top_level);
    /* SDM volume 1, 3.3.7.1, "Canonical Addressing"; EPT: 29.3.2, a guest-physical address with higher bits
     * set is an EPT violation. */
    if (numbers->ept ? va >> numbers->va_bits != 0 : !is_canonical(va, numbers->va_bits))
        return walk_end_with_fault(walk, numbers->ept ? FAULT_TRANSLATION : FAULT_NONCANONICAL,
                                   numbers->top_level);
    /* Software cannot load such a root: MOV to CR3 raises #GP, VM entry fails (SDM 4.5.2, 27.2.1.1). */
    if (regime->root & beyond(regime))
        return walk_end_with_fault(walk, FAULT_ADDRESS_SIZE, numbers->top_level);
    return ask(walk, regime->root & X86_ADDRESS, numbers->top_level);
}

static enum walk_status enter(struct walk_state *walk, const struct translation_regime *regime, uint64_t va,
                              const struct walk_table *table)
{
    walk_begin(walk, regime, va, table->level);
    walk->inherited = table->inherited;
    return ask(walk, table->pa, table->level);
}

static bool current_table(const struct walk_state *walk, struct walk_table *table)
{
    if (walk->level == numbers_of(walk->regime)->top_level)
        return false;
    table->span_lg2 = (uint8_t)span_lg2(walk->level + 1u);
    table->va = walk->va & ~((UINT64_C(1) << table->span_lg2) - 1);
    table->pa = walk->fetch[0] & ~IN_PAGE;
    table->inherited = walk->inherited;
    table->level = walk->level;
    return true;
}

static enum walk_status descend(struct walk_state *walk, uint64_t word)
{
    const struct x86_numbers *numbers = numbers_of(walk->regime);
    walk->inherited |= (~word & numbers->gives) | (word & numbers->takes);
    return ask(walk, word & X86_ADDRESS, walk->level - 1u);
}

/* ---- One entry ---- */

static inline bool is_present(const struct translation_regime *regime, uint64_t word)
{
    return word & (numbers_of(regime)->ept ? ept_present(regime->execute_by_privilege) : X86_PRESENT);
}

/* SDM 4.5.4, end: reserved bits; 29.3.3.1: EPT misconfigurations. Of a present entry. */
static inline bool is_reserved(const struct walk_state *walk, uint64_t word, bool leaf)
{
    const struct translation_regime *regime = walk->regime;
    unsigned level = walk->level;
    if (word & beyond(regime))
        return true;
    if (!numbers_of(regime)->ept) {
        uint64_t nx = regime->features & X86_FEATURE_NO_NXE ? X86_NX : 0;
        return word & (x86_reserved(level, span_lg2(level), leaf) | nx);
    }
    return word & ept_reserved(level, span_lg2(level), leaf) ||
           ept_rights_are_misconfigured(word, regime->execute_by_privilege,
                                        !(regime->features & EPT_FEATURE_NO_EXECUTE_ONLY)) ||
           (leaf && ept_type_is_misconfigured(word));
}

/* Rights and attributes of the leaf as its entry is now. */
static void set_rights(struct walk_state *walk)
{
    const struct translation_regime *regime = walk->regime;
    const struct x86_numbers *numbers = numbers_of(regime);
    uint64_t word = (walk->entry & ~(walk->inherited & numbers->gives)) | (walk->inherited & numbers->takes);
    bool by_privilege = regime->execute_by_privilege;
    struct walk_leaf *leaf = &walk->leaf;
    uint8_t meant = numbers->ept ? ept_rights(word, by_privilege) : x86_rights(word);
    leaf->frame.attributes =
        numbers->ept ? ept_attributes(word, by_privilege) : x86_attributes(word, walk->level > 1);
    leaf->rights_when_dirty = meant;
    leaf->rights = sets_flags(regime) && !(word & numbers->dirty) ? (uint8_t)(meant & ~X86_STORES) : meant;
}

static enum walk_status end_with_leaf(struct walk_state *walk)
{
    unsigned size_lg2 = span_lg2(walk->level);
    uint64_t in_frame = (UINT64_C(1) << size_lg2) - 1;
    walk->fetches = 0;
    walk->leaf.level = walk->level;
    walk->leaf.va = walk->va & ~in_frame;
    walk->leaf.frame.base = walk->entry & X86_ADDRESS & ~in_frame;
    walk->leaf.frame.size_lg2 = (uint8_t)size_lg2;
    walk->leaf.stage1_rights = 0;
    walk->leaf.stage2_level = 0;
    set_rights(walk);
    return WALK_LEAF;
}

static enum walk_status go_on(struct walk_state *walk, bool leaf)
{
    return leaf ? end_with_leaf(walk) : descend(walk, walk->entry);
}

/*
 * SDM 4.8, 29.3.5: an entry's accessed flag is set whenever the entry is used for a translation. Of a table,
 * that is before anybody knows whether the access will be allowed. Of a page, an access that is refused may
 * set it or not (SDM 6.15, interrupt 14: "model specific"). Here it sets that of a page of 1 GiB and of no
 * smaller page of x86-64, as the implementation does that the project's vectors come from.
 */
static inline bool is_set_on_the_way(const struct walk_state *walk, bool leaf)
{
    return !leaf || (walk->level == 3 && !numbers_of(walk->regime)->ept);
}

static enum walk_status ask_accessed(struct walk_state *walk)
{
    walk->fetches = 0;
    walk->desired = walk->entry | numbers_of(walk->regime)->accessed;
    walk->table_update = (struct walk_update){walk->fetch[0], walk->entry, walk->desired};
    return WALK_UPDATE;
}

static enum walk_status resume(struct walk_state *walk, const uint64_t *words)
{
    const struct x86_numbers *numbers = numbers_of(walk->regime);
    uint64_t word = words[0];
    bool leaf = x86_is_leaf(walk->level, word);
    /* SDM 4.7, 29.3.3: whatever else is set in an entry that is not present is ignored. */
    if (!is_present(walk->regime, word))
        return walk_end_with_fault(walk, FAULT_TRANSLATION, walk->level);
    if (is_reserved(walk, word, leaf))
        return walk_end_with_fault(walk, FAULT_RESERVED, walk->level);
    walk->entry = word;
    if (sets_flags(walk->regime) && !(word & numbers->accessed) && is_set_on_the_way(walk, leaf))
        return ask_accessed(walk);
    return go_on(walk, leaf);
}

/* ---- Hardware updates ---- */

/* SDM 4.8, 29.3.5: the dirty flag is set by a store, in the entry that maps the page. */
static bool update(struct walk_state *walk, bool store, struct walk_update *update)
{
    const struct x86_numbers *numbers = numbers_of(walk->regime);
    walk->desired = walk->entry;
    if (sets_flags(walk->regime))
        walk->desired |= numbers->accessed | (store ? numbers->dirty : 0);
    *update = (struct walk_update){walk->fetch[0], walk->entry, walk->desired};
    return walk->desired != walk->entry;
}

/* Of a table, or of the leaf. */
static enum walk_status updated(struct walk_state *walk)
{
    walk->entry = walk->desired;
    return go_on(walk, x86_is_leaf(walk->level, walk->entry));
}

/*
 * ---- The formats ----
 *
 * Two stages: an access that the guest's entries forbid is a page fault before EPT translates what they give
 * (SDM 29.3.3.3). Spurious faults: 4.10.4.3; of EPT, 29.4.3.1, where a violation invalidates the mappings
 * that would be used for its address.
 */

#define BOTH(bits, top)                                                                                      \
    .struct_bytes = sizeof(struct walk_format), .levels = (top), .va_bits = (bits), .page_lg2 = PAGE_LG2,    \
    .frame_sizes = 3, .frame_size_lg2 = {12, 21, 30}, .start = start, .resume = resume,                      \
    .table = current_table, .enter = enter, .update = update, .updated = updated, .spurious = SPURIOUS_ONCE

/* SDM 4.10.1: a PCID has 12 bits. */
#define X86_64(bits, top)                                                                                    \
    BOTH(bits, top), .va_form = VA_SIGNED,                                                                   \
                     .numbers = &(const struct x86_numbers){.va_bits = (bits),                               \
                                                            .top_level = (top),                              \
                                                            .accessed = X86_ACCESSED,                        \
                                                            .dirty = X86_DIRTY,                              \
                                                            .gives = X86_GIVES,                              \
                                                            .takes = X86_TAKES},                             \
                     .rights = x86_rights_of_attributes, .allowed = x86_allowed, .report = x86_report,       \
                     .controls = {.flags = CONTROL_WP | CONTROL_SMEP}, .updates_before_output = true,        \
                     .updates = UPDATES_ALWAYS, .tag_bits = 12

/* SDM 29.4.3.1: INVEPT has a type for one EPTP and one for all. */
#define EPT(bits, top)                                                                                       \
    BOTH(bits, top), .stage2 = true, .va_form = VA_LOW,                                                      \
                     .numbers = &(const struct x86_numbers){.va_bits = (bits),                               \
                                                            .top_level = (top),                              \
                                                            .ept = true,                                     \
                                                            .accessed = EPT_ACCESSED,                        \
                                                            .dirty = EPT_DIRTY,                              \
                                                            .gives = EPT_GIVES},                             \
                     .rights = ept_rights_of_attributes, .report = ept_report, .table_accesses_store = true, \
                     .updates = UPDATES_TOGETHER, .invalidated_whole = true

const struct walk_format x86_64_48 = {
    X86_64(48, 4),
    .name = "x86-64-48",
    .summary = "x86-64, 4-level paging, 48-bit canonical addresses",
};

const struct walk_format x86_64_57 = {
    X86_64(57, 5),
    .name = "x86-64-57",
    .summary = "x86-64, 5-level paging, 57-bit canonical addresses",
};

const struct walk_format ept_48 = {
    EPT(48, 4),
    .name = "ept-48",
    .summary = "Intel extended page tables, 4 levels, 48-bit guest-physical addresses, stage 2",
};

const struct walk_format ept_57 = {
    EPT(57, 5),
    .name = "ept-57",
    .summary = "Intel extended page tables, 5 levels, 57-bit guest-physical addresses, stage 2",
};

static const struct format_row rows[] = {
    {&x86_64_48, &x86_64_48_entries},
    {&x86_64_57, &x86_64_57_entries},
    {&ept_48, &ept_48_entries},
    {&ept_57, &ept_57_entries},
};

const struct format_family x86_family = {rows, sizeof rows / sizeof *rows};
