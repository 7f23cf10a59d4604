/*
 * What an unfolded operation costs: nodes that are new, and nodes that are remembered.
 *
 *   bench_operation_tree [ROUNDS]
 *
 * radix, vmsa-4k-25: a table is made, a page mapped and unmapped. 64 variants, in which the table lies
 * elsewhere, so that each has nodes of its own. The time of a new node is with its answer from memory.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "sim/explore/operation_tree.h"

#define VARIANTS    64u
#define CALLS       3u /* of each variant */
#define ANSWERS_MAX 64u
#define WORDS       8192u
#define BASE        UINT64_C(0x100000)

/* Memory without time, as much as a two-level table needs; tables are never given back. */
struct memory {
    uint64_t words[WORDS];
    uint64_t used;
};

static double nanoseconds(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static struct operation_answer answer_of(struct memory *memory, const struct operation_request *request)
{
    struct operation_answer answer = {.error = ENVIRONMENT_OK};
    uint64_t *word = request->pa >= BASE ? &memory->words[(request->pa - BASE) / 8 % WORDS] : NULL;
    if (request->kind == REQUEST_READ && word)
        answer.value = *word;
    else if (request->kind == REQUEST_WRITE && word)
        *word = request->value;
    else if (request->kind == REQUEST_ALLOCATE) {
        memory->used = (memory->used + request->size_bytes - 1) / request->size_bytes * request->size_bytes;
        answer.value = BASE + memory->used;
        memory->used += request->size_bytes;
    }
    return answer;
}

/* What an operation was answered, from its begin to its return. */
struct trace {
    uint32_t call, block;
    unsigned count;
    struct operation_answer answers[ANSWERS_MAX];
};

/* Exits on an error: this is a bench. */
static uint32_t checked(const struct operation_tree *tree, uint32_t node)
{
    if (node != OPERATION_TREE_NONE)
        return node;
    fprintf(stderr, "%s\n", operation_tree_error(tree));
    exit(1);
}

/* Performs the call of a trace and writes down the answers; the block that is left. */
static uint32_t perform(struct operation_tree *tree, struct trace *trace, struct memory *memory)
{
    uint32_t node = checked(tree, operation_tree_begin(tree, trace->call, trace->block));
    while (operation_tree_request(tree, node)->kind != REQUEST_RETURN) {
        const struct operation_answer answer = answer_of(memory, operation_tree_request(tree, node));
        trace->answers[trace->count++ % ANSWERS_MAX] = answer;
        node = checked(tree, operation_tree_resume(tree, node, &answer, operation_tree_block(tree, node)));
    }
    return operation_tree_block(tree, node);
}

/* As an explorer does: looks at the request, and resumes. How many nodes. */
static uint64_t replay(struct operation_tree *tree, const struct trace *trace)
{
    uint32_t node = operation_tree_begin(tree, trace->call, trace->block);
    for (unsigned i = 0; operation_tree_request(tree, node)->kind != REQUEST_RETURN; i++)
        node = operation_tree_resume(tree, node, &trace->answers[i], operation_tree_block(tree, node));
    return trace->count + 1;
}

/* All variants: the table is made, a page mapped and unmapped. */
static void perform_all(struct operation_tree *tree, struct trace traces[VARIANTS][CALLS])
{
    static struct memory memory;
    static const struct operation_call calls[CALLS] = {
        {.kind = CALL_CREATE},
        {.kind = CALL_MAP, .frame = {0x1000, FRAME_READABLE | FRAME_WRITABLE, 12}},
        {.kind = CALL_UNMAP}};
    for (unsigned variant = 0; variant < VARIANTS; variant++) {
        uint32_t block = OPERATION_TREE_ZERO_BLOCK;
        memory = (struct memory){.used = UINT64_C(4096) * variant};
        for (unsigned i = 0; i < CALLS; i++) {
            struct trace *trace = &traces[variant][i];
            *trace = (struct trace){.call = operation_tree_call(tree, &calls[i]), .block = block};
            block = perform(tree, trace, &memory);
        }
    }
}

static struct operation_tree *make_tree(struct memory_budget *budget, struct pagetable_config *pagetable)
{
    const struct walk_format *format = walk_format_find("vmsa-4k-25");
    *pagetable = (struct pagetable_config){.format = format, .entries = entry_format_of(format)};
    const struct operation_tree_config config = {.table = pagetable_class_find("radix"),
                                                 .pagetable = pagetable,
                                                 .physical_bytes = UINT64_C(1) << 40,
                                                 .budget = budget};
    return operation_tree_create(&config);
}

int main(int count, char **arguments)
{
    static struct trace traces[VARIANTS][CALLS];
    struct memory_budget budget = {.bytes_max = SIZE_MAX};
    struct pagetable_config pagetable;
    struct operation_tree *tree = make_tree(&budget, &pagetable);
    unsigned rounds = count > 1 ? (unsigned)strtoul(arguments[1], NULL, 0) : 5000;
    if (!tree || rounds == 0)
        return 1;
    double begin = nanoseconds();
    perform_all(tree, traces);
    double new_ns = nanoseconds() - begin;
    uint64_t resumed = 0;
    begin = nanoseconds();
    for (unsigned i = 0; i < rounds; i++)
        for (unsigned j = 0; j < VARIANTS * CALLS; j++)
            resumed += replay(tree, &traces[j / CALLS][j % CALLS]);
    double known_ns = nanoseconds() - begin;
    uint32_t nodes = operation_tree_count(tree).nodes;
    printf("%" PRIu32 " nodes, %.0f bytes each; a new one %.0f ns, a remembered one %.1f ns\n", nodes,
           (double)budget.bytes / nodes, new_ns / nodes, known_ns / (double)resumed);
    operation_tree_destroy(tree);
    return 0;
}
