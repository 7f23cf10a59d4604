#include "pagetables/test/plugins/stub.h"

#include <string.h>

static enum pagetable_result create(void *state, const struct environment *environment,
                                    const struct pagetable_config *config)
{
    return PAGETABLE_UNSUPPORTED;
}

static enum pagetable_result destroy(void *state, const struct environment *environment)
{
    return PAGETABLE_OK;
}

static enum pagetable_result map(void *state, const struct environment *environment, uint64_t va,
                                 const struct frame *frame)
{
    return PAGETABLE_UNSUPPORTED;
}

static enum pagetable_result unmap(void *state, const struct environment *environment, uint64_t va)
{
    return PAGETABLE_NOT_MAPPED;
}

static enum pagetable_result protect(void *state, const struct environment *environment, uint64_t va,
                                     uint32_t attributes)
{
    return PAGETABLE_NOT_MAPPED;
}

static enum pagetable_result query(void *state, const struct environment *environment, uint64_t va,
                                   struct mapping *found)
{
    return PAGETABLE_NOT_MAPPED;
}

static uint64_t root(const void *state)
{
    return 0;
}

static enum pagetable_result enumerate(const void *state, const struct memory_reader *memory,
                                       pagetable_visitor visit, void *context)
{
    return PAGETABLE_OK;
}

static enum pagetable_result invariants(const void *state, const struct memory_reader *memory, char *reason,
                                        size_t reason_bytes)
{
    return PAGETABLE_OK;
}

static bool accepts(const struct walk_format *format, const struct entry_format *entries)
{
    return strcmp(format->name, "stub-format") == 0;
}

static enum walk_status start(struct walk_state *walk, const struct translation_regime *regime, uint64_t va)
{
    *walk = (struct walk_state){.regime = regime, .va = va, .fault = FAULT_TRANSLATION};
    return WALK_FAULT;
}

static enum walk_status resume(struct walk_state *walk, const uint64_t *words)
{
    return WALK_FAULT;
}

static uint8_t rights(uint32_t frame_attributes)
{
    return 0;
}

static bool encode_leaf(const struct entry_level *level, const struct frame *frame, uint64_t *word)
{
    return false;
}

static uint64_t encode_table(uint64_t pa)
{
    return pa;
}

static struct entry decode(const struct entry_level *level, uint64_t word)
{
    return (struct entry){.kind = ENTRY_INVALID};
}

static bool must_break(uint64_t before, uint64_t after)
{
    return true;
}

static uint64_t after_store(uint64_t word)
{
    return word;
}

static const struct pagetable_class right_table = {
    .abi_version = PAGETABLE_ABI_VERSION,
    .struct_bytes = sizeof(struct pagetable_class),
    .name = "stub",
    .summary = "does nothing",
    .state_bytes = 16,
    .create = create,
    .destroy = destroy,
    .map = map,
    .unmap = unmap,
    .protect = protect,
    .query = query,
    .root = root,
    .enumerate = enumerate,
    .invariants = invariants,
    .default_format = "stub-format",
    .accepts = accepts,
};

static const struct walk_format right_format = {
    .struct_bytes = sizeof(struct walk_format),
    .name = "stub-format",
    .summary = "translates nothing",
    .levels = 1,
    .va_bits = 39,
    .page_lg2 = 12,
    .frame_sizes = 2,
    .frame_size_lg2 = {12, 21},
    .start = start,
    .resume = resume,
    .rights = rights,
};

static const struct entry_format right_entries = {
    .struct_bytes = sizeof(struct entry_format),
    .levels = 1,
    .level = {{.span_lg2 = 12, .index_bits = 9, .leaf = true}},
    .encode_leaf = encode_leaf,
    .encode_table = encode_table,
    .decode = decode,
    .must_break = must_break,
    .after_store = after_store,
};

const struct mmusim_plugin *mmusim_plugin(const char **why)
{
    static struct stub stub;
    stub = (struct stub){
        .plugin = {.known = {.version = MMUSIM_PLUGIN_VERSION,
                             .struct_bytes = sizeof(struct mmusim_plugin),
                             .table = &stub.table.known,
                             .format = &stub.format.known,
                             .entries = &stub.entries.known}},
        .table = {.known = right_table},
        .format = {.known = right_format},
        .entries = {.known = right_entries},
    };
    stub_change(&stub, STUB_CHANGE);
    *why = stub.refusal;
    return stub.plugin.known.version ? &stub.plugin.known : NULL;
}
