/*
 * The page table of linear.c in C++17: an array with one word for each page of 16 MiB of addresses. A word is
 * 0, or has bit 0, the frame's address from bit 12 on and its attributes from bit 48 on.
 */
#include <mmusim/plugin.h>

#include <cinttypes>
#include <cstdio>
#include <string_view>

namespace
{

constexpr unsigned va_bits = 24, page_lg2 = 12;
constexpr std::uint64_t page_bytes = std::uint64_t{1} << page_lg2;
constexpr std::uint64_t entries = std::uint64_t{1} << (va_bits - page_lg2);
constexpr std::uint64_t table_bytes = 8 * entries, lock_bytes = 4096;
constexpr std::uint64_t valid = 1, address_mask = 0x0000'ffff'ffff'f000;
constexpr unsigned attributes_shift = 48;
constexpr std::uint32_t attributes_mask = 0x3f; /* r, w, x, user, global, device */
constexpr char table_name[] = "linear-cpp", format_name[] = "linear-cpp-16m";

struct word {
    std::uint64_t bits = 0;

    word() = default;
    explicit word(const frame &frame)
        : bits(frame.base | std::uint64_t{frame.attributes} << attributes_shift | valid)
    {
    }
    explicit operator bool() const
    {
        return bits & valid;
    }
    frame decode() const
    {
        auto attributes = static_cast<std::uint32_t>(bits >> attributes_shift) & attributes_mask;
        return {bits & address_mask, attributes, page_lg2};
    }
};

/* The machine, with an error that stays: after the first one nothing more is done. */
class machine
{
  public:
    explicit machine(const environment *environment) : environment_(*environment)
    {
    }
    template <typename Operation, typename... Arguments>
    void operator()(Operation operation, Arguments... arguments)
    {
        if (!error_)
            error_ = (environment_.operations->*operation)(environment_.context, arguments...);
    }
    bool ok() const
    {
        return error_ == ENVIRONMENT_OK;
    }
    pagetable_result result() const
    {
        if (ok())
            return PAGETABLE_OK;
        return error_ == ENVIRONMENT_NO_MEMORY ? PAGETABLE_NO_MEMORY : PAGETABLE_ENVIRONMENT;
    }

  private:
    environment environment_;
    int error_ = 0;
};

using operations = environment_operations;

struct linear {
    std::uint64_t root, lock;
    std::uint16_t asid, vmid;
    bool every_asid;

    std::uint64_t slot(std::uint64_t va) const
    {
        return root + 8 * (va >> page_lg2);
    }
    void store(machine &on, std::uint64_t va, word value) const
    {
        on(&operations::write, slot(va), value.bits);
        on(&operations::barrier, BARRIER_DSB_ISHST);
    }
    void invalidate(machine &on, std::uint64_t va, invalidation_scope scope) const
    {
        invalidation what{};
        what.va = va;
        what.asid = asid;
        what.vmid = vmid;
        what.scope = scope;
        what.broadcast = true;
        on(&operations::invalidate, &what);
        on(&operations::barrier, BARRIER_DSB_ISH);
    }
    void clear(machine &on, std::uint64_t va, word before) const
    {
        bool all = every_asid || before.decode().attributes & FRAME_GLOBAL;
        store(on, va, word{});
        invalidate(on, va, all ? INVALIDATE_VA_ALL_ASIDS : INVALIDATE_VA);
    }
};

/* An operation under the table's lock: `body(machine, word of va)` says what becomes of it. */
template <typename Body>
pagetable_result locked(const linear &table, const environment *environment, std::uint64_t va, Body body)
{
    machine on(environment), unlocking(environment);
    word found;
    on(&operations::lock, table.lock);
    if (!on.ok())
        return on.result();
    on(&operations::read, table.slot(va), &found.bits);
    pagetable_result result = on.ok() ? body(on, found) : PAGETABLE_OK;
    unlocking(&operations::unlock, table.lock); /* whatever has failed */
    if (!on.ok())
        return on.result();
    return unlocking.ok() ? result : unlocking.result();
}

pagetable_result create(void *state, const environment *environment, const pagetable_config *config)
{
    auto &table = *static_cast<linear *>(state);
    machine on(environment), undoing(environment);
    table = {0, 0, config->asid, config->vmid, config->every_asid};
    on(&operations::allocate_table, table_bytes, &table.root);
    if (!on.ok())
        return on.result();
    on(&operations::allocate_table, lock_bytes, &table.lock);
    if (!on.ok())
        undoing(&operations::release_table, table.root, table_bytes);
    return on.result();
}

pagetable_result destroy(void *state, const environment *environment)
{
    const auto &table = *static_cast<const linear *>(state);
    machine on(environment);
    on(&operations::barrier, BARRIER_DSB_ISHST);
    table.invalidate(on, 0, INVALIDATE_ALL);
    on(&operations::release_table, table.root, table_bytes);
    on(&operations::release_table, table.lock, lock_bytes);
    return on.result();
}

pagetable_result map(void *state, const environment *environment, std::uint64_t va, const frame *frame)
{
    const auto &table = *static_cast<const linear *>(state);
    if (frame->attributes & ~attributes_mask)
        return PAGETABLE_UNSUPPORTED;
    return locked(table, environment, va, [&](machine &on, word found) {
        if (found)
            return PAGETABLE_OVERLAP;
        table.store(on, va, word{*frame});
        return PAGETABLE_OK;
    });
}

pagetable_result unmap(void *state, const environment *environment, std::uint64_t va)
{
    const auto &table = *static_cast<const linear *>(state);
    return locked(table, environment, va, [&](machine &on, word found) {
        if (!found)
            return PAGETABLE_NOT_MAPPED;
        table.clear(on, va, found);
        return PAGETABLE_OK;
    });
}

pagetable_result protect(void *state, const environment *environment, std::uint64_t va,
                         std::uint32_t attributes)
{
    const auto &table = *static_cast<const linear *>(state);
    if (attributes & ~attributes_mask)
        return PAGETABLE_UNSUPPORTED;
    return locked(table, environment, va, [&](machine &on, word found) {
        if (!found)
            return PAGETABLE_NOT_MAPPED;
        frame after = found.decode();
        after.attributes = attributes;
        table.clear(on, va, found);
        table.store(on, va, word{after});
        return PAGETABLE_OK;
    });
}

pagetable_result query(void *state, const environment *environment, std::uint64_t va, mapping *mapping)
{
    const auto &table = *static_cast<const linear *>(state);
    return locked(table, environment, va, [&](machine &, word found) {
        *mapping = {va & ~(page_bytes - 1), found.decode()};
        return found ? PAGETABLE_OK : PAGETABLE_NOT_MAPPED;
    });
}

std::uint64_t root(const void *state)
{
    return static_cast<const linear *>(state)->root;
}

pagetable_result enumerate(const void *state, const memory_reader *memory, pagetable_visitor visit,
                           void *context)
{
    const auto &table = *static_cast<const linear *>(state);
    for (std::uint64_t va = 0; va < entries * page_bytes; va += page_bytes) {
        word found;
        if (!memory->read(memory->context, table.slot(va), &found.bits) || !found)
            continue;
        const mapping candidate{va, found.decode()};
        if (!visit(context, &candidate))
            break;
    }
    return PAGETABLE_OK;
}

pagetable_result invariants(const void *state, const memory_reader *memory, char *reason,
                            std::size_t reason_bytes)
{
    const auto &table = *static_cast<const linear *>(state);
    for (std::uint64_t va = 0; va < entries * page_bytes; va += page_bytes) {
        word found;
        if (!memory->read(memory->context, table.slot(va), &found.bits) || found.bits == 0 ||
            found.bits == word{found.decode()}.bits)
            continue;
        std::snprintf(reason, reason_bytes, "the word at 0x%" PRIx64 ", 0x%" PRIx64 ", is no entry",
                      table.slot(va), found.bits);
        return PAGETABLE_CORRUPT;
    }
    return PAGETABLE_OK;
}

bool accepts(const walk_format *format, const entry_format *)
{
    return std::string_view{format->name} == format_name;
}

/* ---- Hardware's side ---- */

std::uint8_t rights(std::uint32_t attributes)
{
    constexpr std::uint32_t needed[ACCESS_KINDS] = {FRAME_READABLE, FRAME_WRITABLE, FRAME_EXECUTABLE};
    unsigned allowed = 0;
    for (unsigned access = 0; access < ACCESS_KINDS; access++)
        if (attributes & needed[access])
            allowed |= ACCESS_RIGHT(PRIVILEGE_KERNEL, access) |
                       (attributes & FRAME_USER ? ACCESS_RIGHT(PRIVILEGE_USER, access) : 0);
    return static_cast<std::uint8_t>(allowed);
}

walk_status fault(walk_state *walk, fault_kind kind)
{
    walk->fault = static_cast<std::uint8_t>(kind);
    walk->fault_level = 0;
    walk->fetches = 0;
    return WALK_FAULT;
}

walk_status start(walk_state *walk, const translation_regime *regime, std::uint64_t va)
{
    walk->regime = regime;
    walk->va = va;
    walk->level = 0;
    if (va >> va_bits)
        return fault(walk, FAULT_TRANSLATION);
    walk->fetches = 1;
    walk->fetch_words = 1;
    walk->fetch[0] = regime->root + 8 * (va >> page_lg2);
    return WALK_FETCH;
}

walk_status resume(walk_state *walk, const std::uint64_t *words)
{
    word found;
    found.bits = words[0];
    if (!found)
        return fault(walk, FAULT_TRANSLATION);
    const frame frame = found.decode();
    if (frame.base >> walk->regime->physical_size_lg2)
        return fault(walk, FAULT_ADDRESS_SIZE);
    walk->fetches = 0;
    walk->leaf = walk_leaf{};
    walk->leaf.va = walk->va & ~(page_bytes - 1);
    walk->leaf.frame = frame;
    walk->leaf.rights = walk->leaf.rights_when_dirty = rights(frame.attributes);
    return WALK_LEAF;
}

/* ---- What mmusim asks for ---- */

pagetable_class make_table()
{
    pagetable_class table{};
    table.abi_version = PAGETABLE_ABI_VERSION;
    table.struct_bytes = sizeof table;
    table.name = table_name;
    table.summary = "an array with one word a page, in C++";
    table.state_bytes = sizeof(linear);
    table.create = create;
    table.destroy = destroy;
    table.map = map;
    table.unmap = unmap;
    table.protect = protect;
    table.query = query;
    table.root = root;
    table.enumerate = enumerate;
    table.invariants = invariants;
    table.default_format = format_name;
    table.accepts = accepts;
    return table;
}

walk_format make_format()
{
    walk_format format{};
    format.struct_bytes = sizeof format;
    format.name = format_name;
    format.summary = "one word a page, in an array";
    format.levels = 1;
    format.va_bits = va_bits;
    format.va_form = VA_LOW;
    format.page_lg2 = page_lg2;
    format.frame_sizes = 1;
    format.frame_size_lg2[0] = page_lg2;
    format.start = start;
    format.resume = resume;
    format.rights = rights;
    return format;
}

} // namespace

const struct mmusim_plugin *mmusim_plugin(const char **)
{
    static const pagetable_class table = make_table();
    static const walk_format format = make_format();
    static const struct mmusim_plugin plugin = {MMUSIM_PLUGIN_VERSION, sizeof(struct mmusim_plugin), &table,
                                                &format, nullptr};
    return &plugin;
}
