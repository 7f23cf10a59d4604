/* The range table as raw memory shows it: candidates for mappings, its memory, and its check of itself. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "pagetables/plain_table.h"
#include "pagetables/ranges.h"

static bool read_word(const struct memory_reader *memory, uint64_t pa, uint64_t *word)
{
    return memory->read(memory->context, pa, word);
}

static bool read_node(const struct memory_reader *memory, uint64_t node, uint64_t *words)
{
    for (unsigned i = 0; i < RANGES_NODE_WORDS; i++)
        if (!read_word(memory, node + 8u * i, &words[i]))
            return false;
    return true;
}

/* ---- enumeration ---- */

struct enumeration {
    const struct memory_reader *memory;
    pagetable_visitor visit;
    void *context;
};

/* Each page of a range. */
static bool propose(const struct enumeration *enumeration, const struct range *range)
{
    unsigned size_lg2 = plain_size_lg2(range_size(range));
    if (range_size(range) >= PLAIN_SIZES || !(range->leaf & PLAIN_VALID))
        return true;
    for (uint64_t va = range_va(range); va < range->end; va += UINT64_C(1) << size_lg2) {
        const struct mapping candidate = {va, plain_decode(range_leaf_at(range, va), size_lg2)};
        if (!enumeration->visit(enumeration->context, &candidate))
            return false;
    }
    return true;
}

/* False when the visitor wants no more. Nodes that cannot be read propose nothing. */
static bool enumerate_node(const struct enumeration *enumeration, uint64_t node, unsigned depth)
{
    uint64_t words[RANGES_NODE_WORDS];
    if (node == 0 || depth > RANGES_DEPTH_MAX || !read_node(enumeration->memory, node, words))
        return true;
    bool leaf = words[0] & RANGES_HEADER_LEAF;
    unsigned keys = (unsigned)(words[0] & RANGES_HEADER_KEYS);
    for (unsigned key = 0; key <= keys; key++) {
        if (!leaf && !enumerate_node(enumeration, words[RANGES_CHILDREN + key], depth + 1))
            return false;
        struct range range = key < keys ? range_at(words, key) : (struct range){0, 0, 0};
        if (key < keys && !propose(enumeration, &range))
            return false;
    }
    return true;
}

enum pagetable_result ranges_enumerate(const void *state, const struct memory_reader *memory,
                                       pagetable_visitor visit, void *context)
{
    const struct plain_table *ranges = state;
    const struct enumeration enumeration = {memory, visit, context};
    uint64_t root;
    if (!read_word(memory, ranges->root + RANGES_ROOT, &root))
        return PAGETABLE_CORRUPT;
    (void)enumerate_node(&enumeration, root, 1);
    return PAGETABLE_OK;
}

/* ---- memory ---- */

/* A list of pages of nodes, which may be damaged: a circle ends when it meets the page that it began from, or
 * one noted later (Brent's algorithm). */
struct page_list {
    const struct memory_reader *memory;
    uint64_t page; /* 0: behind the last one */
    uint64_t noted;
    uint64_t steps, next_note;
};

static bool first_page(struct page_list *list, const struct memory_reader *memory, uint64_t root)
{
    *list = (struct page_list){.memory = memory, .next_note = 1};
    return read_word(memory, root + RANGES_PAGES, &list->page);
}

/* False if the list is a circle, or leads to where there is no memory. */
static bool next_page(struct page_list *list)
{
    if (list->steps++ == list->next_note) {
        list->noted = list->page;
        list->next_note *= 2;
    }
    return read_word(list->memory, list->page + 8u * RANGES_LINK, &list->page) &&
           (list->page == 0 || list->page != list->noted);
}

enum pagetable_result ranges_blocks(const void *state, const struct memory_reader *memory,
                                    pagetable_block_visitor visit, void *context)
{
    const struct plain_table *ranges = state;
    struct page_list list;
    if (!first_page(&list, memory, ranges->root))
        return PAGETABLE_CORRUPT;
    bool more = visit(context, ranges->root, PLAIN_DESCRIPTOR_BYTES);
    while (more && list.page != 0)
        more = visit(context, list.page, RANGES_PAGE_BYTES) && next_page(&list);
    return PAGETABLE_OK;
}

/* ---- invariants ---- */

struct check {
    const struct memory_reader *memory;
    char *reason;
    size_t reason_bytes;
    uint64_t ranges;
    uint64_t nodes; /* in the tree and in lists */
    uint64_t end;   /* of the ranges seen so far, which come in order */
    unsigned depth; /* of the nodes without children; 0: none was seen */
};

__attribute__((format(printf, 2, 3))) static enum pagetable_result corrupt(const struct check *check,
                                                                           const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(check->reason, check->reason_bytes, format, arguments);
    va_end(arguments);
    return PAGETABLE_CORRUPT;
}

static enum pagetable_result check_range(struct check *check, uint64_t node, const struct range *range)
{
    unsigned size = range_size(range);
    uint64_t in_page = (UINT64_C(1) << plain_size_lg2(size % PLAIN_SIZES)) - 1;
    bool empty = range->end <= range_va(range);
    if (size >= PLAIN_SIZES || empty ||
        (range_va(range) | range->end | (range->leaf & PLAIN_ADDRESS)) & in_page)
        return corrupt(check,
                       "node 0x%" PRIx64 " has the range 0x%" PRIx64 " to 0x%" PRIx64
                       ", which is empty or not of whole pages",
                       node, range_va(range), range->end);
    if (range_va(range) < check->end)
        return corrupt(check,
                       "the range at 0x%" PRIx64 " in node 0x%" PRIx64 " begins before 0x%" PRIx64
                       ", where the one before it ends",
                       range_va(range), node, check->end);
    check->end = range->end;
    check->ranges++;
    return PAGETABLE_OK;
}

static enum pagetable_result check_node(struct check *check, uint64_t node, unsigned depth)
{
    uint64_t words[RANGES_NODE_WORDS];
    if (depth > RANGES_DEPTH_MAX || node & (RANGES_NODE_BYTES - 1) || !read_node(check->memory, node, words))
        return corrupt(check, "there is no node at 0x%" PRIx64, node);
    bool leaf = words[0] & RANGES_HEADER_LEAF;
    unsigned keys = (unsigned)(words[0] & RANGES_HEADER_KEYS);
    check->nodes++;
    if (keys < (depth == 1 ? 1 : RANGES_KEYS_MIN))
        return corrupt(check, "node 0x%" PRIx64 " has %u ranges, which is too few", node, keys);
    if (leaf && check->depth == 0)
        check->depth = depth;
    if (leaf && check->depth != depth)
        return corrupt(check, "nodes without children stand at depths %u and %u", check->depth, depth);
    for (unsigned key = 0; key <= keys; key++) {
        enum pagetable_result result =
            leaf ? PAGETABLE_OK : check_node(check, words[RANGES_CHILDREN + key], depth + 1);
        struct range range = key < keys ? range_at(words, key) : (struct range){0, 0, 0};
        if (result == PAGETABLE_OK && key < keys)
            result = check_range(check, node, &range);
        if (result != PAGETABLE_OK)
            return result;
    }
    return PAGETABLE_OK;
}

/* Nodes of a list of the descriptor, `most` at the most. */
static bool count_list(struct check *check, uint64_t head, uint64_t most)
{
    uint64_t node;
    bool readable = read_word(check->memory, head, &node);
    for (; readable && node != 0 && check->nodes <= most; check->nodes++)
        readable = read_word(check->memory, node + 8u * RANGES_LINK, &node);
    return readable;
}

/* Every node but the first of each page is in the tree, free or retired. */
static enum pagetable_result check_nodes(struct check *check, uint64_t root)
{
    struct page_list list;
    uint64_t there = 0;
    if (!first_page(&list, check->memory, root))
        return corrupt(check, "the descriptor is where there is no memory");
    for (; list.page != 0; there += RANGES_PAGE_BYTES / RANGES_NODE_BYTES - 1)
        if (!next_page(&list))
            return corrupt(check, "the list of its pages does not end");
    if (!count_list(check, root + RANGES_FREE, there) || !count_list(check, root + RANGES_RETIRED, there))
        return corrupt(check, "a list of nodes leads to where there is no memory");
    if (check->nodes == there)
        return PAGETABLE_OK;
    return corrupt(check, "its pages have %" PRIu64 " nodes, and %s%" PRIu64 " are in use, free or retired",
                   there, check->nodes > there ? "at least " : "only ", check->nodes);
}

enum pagetable_result ranges_invariants(const void *state, const struct memory_reader *memory, char *reason,
                                        size_t reason_bytes)
{
    const struct plain_table *ranges = state;
    struct check check = {.memory = memory, .reason = reason, .reason_bytes = reason_bytes};
    uint64_t root, count;
    if (!read_word(memory, ranges->root + RANGES_ROOT, &root) ||
        !read_word(memory, ranges->root + RANGES_COUNT, &count))
        return corrupt(&check, "the descriptor is where there is no memory");
    enum pagetable_result result = root ? check_node(&check, root, 1) : PAGETABLE_OK;
    if (result == PAGETABLE_OK && count == check.ranges)
        result = check_nodes(&check, ranges->root);
    if (result != PAGETABLE_OK || count == check.ranges)
        return result;
    return corrupt(&check, "%" PRIu64 " ranges are there, but the descriptor says %" PRIu64, check.ranges,
                   count);
}
