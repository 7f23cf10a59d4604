/* RISC-V Sv39, Sv48, Sv57 and their G-stage forms: the walk engine. Sections are those that riscv.h names. */
#include "pagetables/riscv.h"

#include "pagetables/formats.h"
#include "pagetables/riscv_leaf.h"

static inline const struct riscv_numbers *numbers_of(const struct translation_regime *regime)
{
    return regime->format->numbers;
}

static inline unsigned root_level(const struct riscv_numbers *numbers)
{
    return numbers->levels - 1u;
}

static inline unsigned index_bits(const struct riscv_numbers *numbers, unsigned level)
{
    return level == root_level(numbers) ? numbers->root_bits : RISCV_TABLE_BITS;
}

/* ---- From the root, or from a table, to a leaf ---- */

/* 4.3.2, step 2. */
static inline enum walk_status ask(struct walk_state *walk, const struct riscv_numbers *numbers,
                                   uint64_t table, unsigned level)
{
    uint64_t index = walk->va >> riscv_span_lg2(level) & ((UINT64_C(1) << index_bits(numbers, level)) - 1);
    return walk_fetch_entry(walk, table + index * ENTRY_BYTES, level);
}

/* 4.4.1: the bits above the last one of the page number equal it; 8.5.1: of the G stage they are zero. */
static inline bool reaches(const struct riscv_numbers *numbers, uint64_t va)
{
    unsigned bits = riscv_span_lg2(root_level(numbers)) + numbers->root_bits;
    uint64_t above = va >> (numbers->stage2 ? bits : bits - 1);
    return above == 0 || (!numbers->stage2 && above == UINT64_MAX >> (bits - 1));
}

static enum walk_status start(struct walk_state *walk, const struct translation_regime *regime, uint64_t va)
{
    const struct riscv_numbers *numbers = numbers_of(regime);
    walk_begin(walk, regime, va, root_level(numbers));
    if (!reaches(numbers, va))
        return walk_end_with_fault(walk, FAULT_TRANSLATION, root_level(numbers));
    /* 4.3.2, step 1; 8.2.10: of the G stage the root is aligned to its 16 KiB, the lowest two bits of PPN are
     * zero. */
    uint64_t in_root = ((uint64_t)ENTRY_BYTES << numbers->root_bits) - 1;
    return ask(walk, numbers, regime->root & ~in_root, root_level(numbers));
}

static enum walk_status enter(struct walk_state *walk, const struct translation_regime *regime, uint64_t va,
                              const struct walk_table *table)
{
    walk_begin(walk, regime, va, table->level);
    walk->inherited = table->inherited;
    return ask(walk, numbers_of(regime), table->pa, table->level);
}

static bool current_table(const struct walk_state *walk, struct walk_table *table)
{
    if (walk->level == root_level(numbers_of(walk->regime)))
        return false;
    table->span_lg2 = (uint8_t)riscv_span_lg2(walk->level + 1u);
    table->va = walk->va & ~((UINT64_C(1) << table->span_lg2) - 1);
    table->pa = walk->fetch[0] & ~(((uint64_t)ENTRY_BYTES << RISCV_TABLE_BITS) - 1);
    table->inherited = walk->inherited;
    table->level = walk->level;
    return true;
}

/* ---- The leaf ---- */

static inline bool makes_dirty(const struct translation_regime *regime)
{
    return regime->hardware_access && regime->hardware_dirty;
}

/* 4.3.2, step 7: a store needs D; where hardware sets it, the stores are told apart that wait for it. */
static void set_rights(struct walk_state *walk)
{
    bool stage2 = numbers_of(walk->regime)->stage2;
    bool dirty = walk->entry & RISCV_D;
    uint8_t meant = riscv_rights(walk->entry, stage2);
    uint8_t clean = meant & (uint8_t)~RISCV_STORES;
    walk->leaf.rights = dirty ? meant : clean;
    walk->leaf.rights_when_dirty = dirty || makes_dirty(walk->regime) ? meant : clean;
    /* 4.3.1: a pointer with G makes all mappings below it global. */
    walk->leaf.frame.attributes = riscv_attributes(walk->entry | walk->inherited, stage2);
}

/* 4.3.2, step 8; chapter 5: the lowest bits of a NAPOT entry's page number are those of the address. */
static inline void set_frame(struct walk_state *walk)
{
    unsigned own_lg2 = riscv_span_lg2(walk->level);
    bool napot = walk->entry & RISCV_N;
    unsigned size_lg2 = napot && walk->regime->contiguous ? own_lg2 + RISCV_NAPOT_LG2 : own_lg2;
    uint64_t in_region = ((UINT64_C(1) << RISCV_NAPOT_LG2) - 1) << own_lg2;
    uint64_t base = riscv_address(walk->entry);
    if (napot)
        base = (base & ~in_region) | (walk->va & in_region);
    uint64_t in_frame = (UINT64_C(1) << size_lg2) - 1;
    walk->leaf.va = walk->va & ~in_frame;
    walk->leaf.frame.base = base & ~in_frame;
    walk->leaf.frame.size_lg2 = (uint8_t)size_lg2;
}

static inline enum walk_status end_with_leaf(struct walk_state *walk, uint64_t word)
{
    /* 4.3.2, step 7, where hardware does not set A. */
    if (!(word & RISCV_A) && !walk->regime->hardware_access)
        return walk_end_with_fault(walk, FAULT_ACCESS_FLAG, walk->level);
    walk->fetches = 0;
    walk->entry = word;
    walk->leaf.level = walk->level;
    set_frame(walk);
    set_rights(walk);
    return WALK_LEAF;
}

static enum walk_status resume(struct walk_state *walk, const uint64_t *words)
{
    const struct riscv_numbers *numbers = numbers_of(walk->regime);
    uint64_t word = words[0];
    switch (riscv_kind(word, walk->level, numbers->stage2, walk->regime->features)) {
    case ENTRY_TABLE:
        walk->inherited |= word & RISCV_G;
        return ask(walk, numbers, riscv_address(word), walk->level - 1u);
    case ENTRY_LEAF:
        return end_with_leaf(walk, word);
    case ENTRY_RESERVED:
        return walk_end_with_fault(walk, FAULT_RESERVED, walk->level);
    default:
        return walk_end_with_fault(walk, FAULT_TRANSLATION, walk->level);
    }
}

/* ---- Hardware updates ---- */

/* 4.3.2, step 7; Svadu: A and D in one update. Of a NAPOT region it changes the entry that was read. */
static bool update(struct walk_state *walk, bool store, struct walk_update *update)
{
    walk->desired = walk->entry;
    if (walk->regime->hardware_access)
        walk->desired |= RISCV_A;
    if (store && makes_dirty(walk->regime))
        walk->desired |= RISCV_D;
    *update = (struct walk_update){walk->fetch[0], walk->entry, walk->desired};
    return walk->desired != walk->entry;
}

static enum walk_status updated(struct walk_state *walk)
{
    walk->entry = walk->desired;
    set_rights(walk);
    return WALK_LEAF;
}

/* ---- The state of a hart ---- */

static uint8_t loads_of_executable(const struct access_controls *controls, uint8_t rights, unsigned owner)
{
    return controls->flags & CONTROL_MXR && rights & ACCESS_RIGHT_MXR ? (uint8_t)(RISCV_LOADS & owner) : 0;
}

/* 3.1.6.3, 4.1.1.2, 4.1.1.3: MXR adds loads of what can be executed; SUM lets supervisor mode load and store
 * user pages, but never fetch from them. */
static uint8_t allowed(const struct access_controls *controls, uint8_t rights, uint32_t attributes)
{
    bool user = attributes & FRAME_USER;
    unsigned now = rights & ACCESS_RIGHTS_ALL;
    now |= loads_of_executable(controls, rights, user ? RISCV_USER : RISCV_KERNEL);
    if (user && controls->flags & CONTROL_SUM) {
        now |=
            now & ACCESS_RIGHT(PRIVILEGE_USER, ACCESS_LOAD) ? ACCESS_RIGHT(PRIVILEGE_KERNEL, ACCESS_LOAD) : 0;
        now |= now & ACCESS_RIGHT(PRIVILEGE_USER, ACCESS_STORE) ? ACCESS_RIGHT(PRIVILEGE_KERNEL, ACCESS_STORE)
                                                                : 0;
    }
    return (uint8_t)now;
}

/* 8.2.1, 8.5.1: sstatus.MXR holds for the G stage too, vsstatus.MXR does not. */
static uint8_t stage2_allowed(const struct access_controls *controls, uint8_t rights, uint32_t attributes)
{
    (void)attributes;
    return (uint8_t)((rights & ACCESS_RIGHTS_ALL) |
                     loads_of_executable(controls, rights, RISCV_USER | RISCV_KERNEL));
}

/* 4.3.2: every fault corresponds to the original access; 8.5.2: so do guest-page faults. */
static uint8_t cause_of(const struct fault_cause *cause)
{
    static const uint8_t access[] = {RISCV_CAUSE_LOAD_ACCESS, RISCV_CAUSE_STORE_ACCESS,
                                     RISCV_CAUSE_FETCH_ACCESS};
    static const uint8_t page[] = {RISCV_CAUSE_LOAD_PAGE, RISCV_CAUSE_STORE_PAGE, RISCV_CAUSE_FETCH_PAGE};
    static const uint8_t guest_page[] = {RISCV_CAUSE_LOAD_GUEST_PAGE, RISCV_CAUSE_STORE_GUEST_PAGE,
                                         RISCV_CAUSE_FETCH_GUEST_PAGE};
    if (cause->kind == FAULT_EXTERNAL_ABORT)
        return access[cause->access];
    return cause->stage == 2 ? guest_page[cause->access] : page[cause->access];
}

/*
 * 8.5.2, 8.6.1: a guest-page fault also writes the guest physical address that was at fault, shifted right by
 * 2, to htval or mtval2, and says in htinst or mtinst whether this was an implicit access (8.6.3).
 */
static void report(const struct fault_cause *cause, struct fault_report *report)
{
    uint8_t code = cause_of(cause);
    bool guest = cause->stage == 2 && cause->kind != FAULT_EXTERNAL_ABORT;
    *report = (struct fault_report){.address = cause->va, .code = code, .vector = code};
    if (guest)
        report->ipa = cause->ipa >> 2;
    if (guest && cause->on_table)
        report->instruction = cause->table_store ? RISCV_TINST_TABLE_WRITE : RISCV_TINST_TABLE_READ;
}

/* ---- The formats ---- */

/* 4.1.11: ASIDs have 16 bits; 8.2.10: VMIDs have 14. */
#define SV_BOTH                                                                                              \
    .struct_bytes = sizeof(struct walk_format), .page_lg2 = 12, .start = start, .resume = resume,            \
    .table = current_table, .enter = enter, .update = update, .updated = updated, .report = report,          \
    .address_keeps_tables = true, .spurious = SPURIOUS_UNTIL_FENCE, .updates = UPDATES_TOGETHER,             \
    .run_sizes = UINT64_C(1) << 16

#define SV_STAGE1                                                                                            \
    SV_BOTH, .va_form = VA_SIGNED, .rights = riscv_rights_of_attributes, .allowed = allowed,                 \
             .controls = {.flags = CONTROL_SUM}, .updates_before_output = true, .stage1_memory_type = true

#define SV_STAGE2                                                                                            \
    SV_BOTH, .stage2 = true, .va_form = VA_LOW, .rights = riscv_stage2_rights_of_attributes,                 \
             .allowed = stage2_allowed, .tag_bits = 14

static const struct riscv_numbers numbers_sv39 = {.levels = 3, .root_bits = 9};
static const struct riscv_numbers numbers_sv48 = {.levels = 4, .root_bits = 9};
static const struct riscv_numbers numbers_sv57 = {.levels = 5, .root_bits = 9};
static const struct riscv_numbers numbers_sv39x4 = {.levels = 3, .root_bits = 11, .stage2 = true};
static const struct riscv_numbers numbers_sv48x4 = {.levels = 4, .root_bits = 11, .stage2 = true};
static const struct riscv_numbers numbers_sv57x4 = {.levels = 5, .root_bits = 11, .stage2 = true};

const struct walk_format riscv_sv39 = {
    SV_STAGE1,     .name = "sv39",   .summary = "RISC-V Sv39, 39-bit addresses", .levels = 3,
    .va_bits = 39, .frame_sizes = 4, .frame_size_lg2 = {12, 16, 21, 30},         .numbers = &numbers_sv39,
};

const struct walk_format riscv_sv48 = {
    SV_STAGE1,     .name = "sv48",   .summary = "RISC-V Sv48, 48-bit addresses", .levels = 4,
    .va_bits = 48, .frame_sizes = 5, .frame_size_lg2 = {12, 16, 21, 30, 39},     .numbers = &numbers_sv48,
};

const struct walk_format riscv_sv57 = {
    SV_STAGE1,     .name = "sv57",   .summary = "RISC-V Sv57, 57-bit addresses", .levels = 5,
    .va_bits = 57, .frame_sizes = 6, .frame_size_lg2 = {12, 16, 21, 30, 39, 48}, .numbers = &numbers_sv57,
};

const struct walk_format riscv_sv39x4 = {
    SV_STAGE2,
    .name = "sv39x4",
    .summary = "RISC-V Sv39x4, 41-bit guest physical addresses, G stage",
    .levels = 3,
    .va_bits = 41,
    .frame_sizes = 4,
    .frame_size_lg2 = {12, 16, 21, 30},
    .numbers = &numbers_sv39x4,
};

const struct walk_format riscv_sv48x4 = {
    SV_STAGE2,
    .name = "sv48x4",
    .summary = "RISC-V Sv48x4, 50-bit guest physical addresses, G stage",
    .levels = 4,
    .va_bits = 50,
    .frame_sizes = 5,
    .frame_size_lg2 = {12, 16, 21, 30, 39},
    .numbers = &numbers_sv48x4,
};

const struct walk_format riscv_sv57x4 = {
    SV_STAGE2,
    .name = "sv57x4",
    .summary = "RISC-V Sv57x4, 59-bit guest physical addresses, G stage",
    .levels = 5,
    .va_bits = 59,
    .frame_sizes = 6,
    .frame_size_lg2 = {12, 16, 21, 30, 39, 48},
    .numbers = &numbers_sv57x4,
};

static const struct format_row rows[] = {
    {&riscv_sv39, &riscv_sv39_entries},     {&riscv_sv48, &riscv_sv48_entries},
    {&riscv_sv57, &riscv_sv57_entries},     {&riscv_sv39x4, &riscv_sv39x4_entries},
    {&riscv_sv48x4, &riscv_sv48x4_entries}, {&riscv_sv57x4, &riscv_sv57x4_entries},
};

const struct format_family riscv_family = {rows, sizeof rows / sizeof *rows};
