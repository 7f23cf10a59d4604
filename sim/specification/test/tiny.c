#include "sim/specification/test/tiny.h"

#define USER_READS  (FRAME_READABLE | FRAME_USER)
#define USER_WRITES (USER_READS | FRAME_WRITABLE)

struct mapping tiny_mapping(unsigned number)
{
    const uint32_t attributes = number % 2 ? USER_WRITES : USER_READS;
    if (number >= 8)
        return (struct mapping){0, {0, attributes, 4}};
    return (struct mapping){number / 4 * WORD_BYTES, {number / 2 % 2 * WORD_BYTES, attributes, 3}};
}

/* Set 0 is empty, 1 to 10 have one mapping, the others two. */
static void fill(struct mappings *mappings, unsigned set)
{
    struct mapping mapping;
    unsigned number = 1 + TINY_MAPPINGS;
    if (set >= 1 && set <= TINY_MAPPINGS) {
        mapping = tiny_mapping(set - 1);
        assert_true(mappings_add(mappings, &mapping));
    }
    for (unsigned i = 0; i < TINY_MAPPINGS; i++) {
        for (unsigned j = 0; j < i; j++, number++) {
            if (number != set)
                continue;
            mapping = tiny_mapping(i);
            assert_true(mappings_add(mappings, &mapping));
            mapping = tiny_mapping(j);
            assert_true(mappings_add(mappings, &mapping));
        }
    }
}

struct low_level_state tiny_state(unsigned pt, unsigned tlb, unsigned memory, uint32_t extensions)
{
    struct low_level_state state = {
        .mem = {.ub = 2}, .arch = {.frame_sizes = 1 << 3 | 1 << 4}, .extensions = {.set = extensions}};
    fill(&state.pt.interpretation, pt);
    fill(&state.tlb, tlb);
    assert_true(word_map_write(&state.mem.words, 0, memory % 2));
    assert_true(word_map_write(&state.mem.words, 1, memory / 2));
    return state;
}

/* ---- Operations ---- */

bool tiny_each_access(tiny_visitor visit, void *context)
{
    for (uint64_t va = 0; va < 2 * WORD_BYTES; va += WORD_BYTES) {
        struct tiny_op op = {.kind = TINY_EVICT, .evicted = va};
        if (!visit(context, &op))
            return false;
        for (unsigned value = 0; value < 4; value++) {
            enum result result = value / 2 ? RESULT_ERR : RESULT_OK;
            op = (struct tiny_op){.kind = TINY_READ, .read = {va, PRIVILEGE_USER, result, value % 2}};
            if (!visit(context, &op))
                return false;
            op = (struct tiny_op){.kind = TINY_WRITE, .write = {va, PRIVILEGE_USER, value % 2, result}};
            if (!visit(context, &op))
                return false;
        }
    }
    return true;
}

static bool each_change(tiny_visitor visit, void *context, enum result result)
{
    for (unsigned number = 0; number < TINY_MAPPINGS; number++) {
        struct mapping mapping = tiny_mapping(number);
        struct tiny_op op = {.kind = TINY_MAP, .map = {mapping.va, mapping.frame, result}};
        if (!visit(context, &op))
            return false;
    }
    for (unsigned number = 0; number < 4; number++) {
        uint64_t va = number / 2 * WORD_BYTES;
        struct tiny_op op = {.kind = TINY_PROTECT,
                             .protect = {va, number % 2 ? USER_WRITES : USER_READS, result}};
        if (!visit(context, &op))
            return false;
        op = (struct tiny_op){.kind = TINY_UNMAP, .unmap = {va, result}};
        if (number % 2 && !visit(context, &op))
            return false;
    }
    return true;
}

bool tiny_each_operation(tiny_visitor visit, void *context)
{
    for (uint64_t va = 0; va < 2 * WORD_BYTES; va += WORD_BYTES) {
        for (unsigned number = 0; number <= TINY_MAPPINGS; number++) {
            struct tiny_op op = {.kind = TINY_QUERY, .query = {.vaddr = va, .result = RESULT_ERR}};
            if (number > 0) {
                op.query.result = RESULT_OK;
                op.query.found = tiny_mapping(number - 1);
            }
            if (!visit(context, &op))
                return false;
        }
    }
    return each_change(visit, context, RESULT_OK) && each_change(visit, context, RESULT_ERR);
}

/* ---- Both levels ---- */

bool tiny_low_level(const struct low_level_state *s1, const struct low_level_state *s2,
                    const struct tiny_op *op, struct violation *violation)
{
    switch (op->kind) {
    case TINY_READ:
        return low_level_read(s1, s2, &op->read, violation);
    case TINY_WRITE:
        return low_level_write(s1, s2, &op->write, violation);
    case TINY_EVICT:
        return low_level_tlb_evict(s1, s2, op->evicted, violation);
    case TINY_MAP:
        return low_level_map(s1, s2, &op->map, violation);
    case TINY_UNMAP:
        return low_level_unmap(s1, s2, &op->unmap, violation);
    case TINY_PROTECT:
        return low_level_protect(s1, s2, &op->protect, violation);
    default:
        return low_level_query(s1, s2, &op->query, violation);
    }
}

bool tiny_high_level(const struct high_level_state *s1, const struct high_level_state *s2,
                     const struct tiny_op *op, struct violation *violation)
{
    switch (op->kind) {
    case TINY_READ:
        return high_level_read(s1, s2, &op->read, violation);
    case TINY_WRITE:
        return high_level_write(s1, s2, &op->write, violation);
    case TINY_EVICT:
        return high_level_identity(s1, s2, violation);
    case TINY_MAP:
        return high_level_map(s1, s2, &op->map, violation);
    case TINY_UNMAP:
        return high_level_unmap(s1, s2, &op->unmap, violation);
    case TINY_PROTECT:
        return high_level_protect(s1, s2, &op->protect, violation);
    default:
        return high_level_query(s1, s2, &op->query, violation);
    }
}
