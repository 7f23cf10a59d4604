#include "sim/specification/test/states.h"

#include <string.h>

uint32_t attributes_of(const char *text)
{
    uint32_t attributes = 0;
    assert_true(frame_attributes_parse(text, &attributes));
    return attributes;
}

struct mapping mapping_of(uint64_t va, uint64_t pa, const char *attributes)
{
    return (struct mapping){.va = va,
                            .frame = {.base = pa, .attributes = attributes_of(attributes), .size_lg2 = 12}};
}

struct map_op map_of(uint64_t va, uint64_t pa, const char *attributes, enum result result)
{
    return (struct map_op){.vaddr = va, .frame = mapping_of(va, pa, attributes).frame, .result = result};
}

void add_mapping(struct mappings *mappings, uint64_t va, uint64_t pa, const char *attributes)
{
    const struct mapping mapping = mapping_of(va, pa, attributes);
    assert_true(mappings_add(mappings, &mapping));
}

void open_page_table(struct page_table_state *state, uint32_t extensions)
{
    *state = (struct page_table_state){
        .constants = {.arch = {.frame_sizes = UINT64_C(1) << 12 | UINT64_C(1) << 21},
                      .pmem_ub = PMEM_SIZE,
                      .extensions = {.set = extensions}}};
    add_mapping(&state->mappings, 0x1000, 0x5000, "rw-u");
    add_mapping(&state->mappings, 0x3000, 0x7000, "r--u");
}

void open_high_level(struct high_level_state *state, uint32_t extensions)
{
    *state = (struct high_level_state){
        .constants = {.pmem_ub = PMEM_SIZE / WORD_BYTES, .extensions = {.set = extensions}}};
    add_mapping(&state->mappings, 0x1000, 0x5000, "rw-u");
    add_mapping(&state->mappings, 0x3000, 0x7000, "r--u");
    assert_true(virtual_memory_cover(&state->mem, &state->mappings));
    assert_true(word_map_write(&state->mem.words, 0x1000 / WORD_BYTES, 11));
    assert_true(word_map_write(&state->mem.words, 0x3000 / WORD_BYTES, 22));
}

void assert_violation(bool allowed, const struct violation *violation, const char *rule, const char *text)
{
    assert_false(allowed);
    assert_string_equal(violation->rule, rule);
    if (!strstr(violation->text, text))
        fail_msg("\"%s\" does not say \"%s\"", violation->text, text);
}
