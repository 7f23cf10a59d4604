#include "pagetables/test/nest.h"

#include <string.h>

uint64_t nest_peek(const struct nest *nest, uint64_t pa)
{
    uint64_t word = 0;
    assert_true(nest->reader.read(nest->reader.context, pa, &word));
    return word;
}

void nest_poke(struct nest *nest, uint64_t pa, uint64_t word)
{
    assert_true(flat_memory_poke(nest->memory, pa, word));
}

uint64_t nest_stage2_slot(struct nest *nest, uint64_t ipa, unsigned level)
{
    uint64_t table = nest->stage2.root;
    for (unsigned at = nest->m - 1;; at--) {
        uint64_t slot = table + (ipa >> synthetic_span_lg2(at) & 511) * 8;
        if (at == level)
            return slot;
        if (!(nest_peek(nest, slot) & 1)) {
            nest_poke(nest, slot, synthetic_table(nest->next_table));
            nest->next_table += PAGE;
        }
        table = nest_peek(nest, slot) >> 16 << 12;
    }
}

void nest_stage2_map(struct nest *nest, uint64_t ipa, uint64_t pa, unsigned level, unsigned rights)
{
    nest_poke(nest, nest_stage2_slot(nest, ipa, level), synthetic_leaf(pa, rights));
}

uint64_t nest_table_ipa(unsigned depth)
{
    return IPA_TABLES + depth * PAGE;
}

uint64_t nest_table_pa(unsigned depth)
{
    return PA_TABLES + UINT64_C(17) * depth * PAGE;
}

uint64_t nest_stage1_slot(const struct nest *nest, unsigned depth)
{
    return nest_table_pa(depth) + (VA >> synthetic_span_lg2(nest->n - 1 - depth) & 511) * 8;
}

void nest_open(struct nest *nest, unsigned n, unsigned m)
{
    const struct flat_memory_config config = {
        .physical_bytes = UINT64_C(1) << 32, .tables_base = PAGE, .tables_bytes = PAGE};
    *nest = (struct nest){.n = n, .m = m, .next_table = PA_STAGE2 + PAGE};
    nest->memory = flat_memory_create(&config);
    assert_non_null(nest->memory);
    nest->reader = flat_memory_reader(nest->memory);
    nest->stage1 = (struct translation_regime){
        .format = synthetic_format(n), .root = nest_table_ipa(0), .physical_size_lg2 = 48};
    nest->stage2 = (struct translation_regime){
        .format = synthetic_format(m), .root = PA_STAGE2, .physical_size_lg2 = 48};
    for (unsigned depth = 0; depth < n; depth++) {
        nest_poke(nest, nest_stage1_slot(nest, depth),
                  depth + 1 < n ? synthetic_table(nest_table_ipa(depth + 1))
                                : synthetic_leaf(IPA_OUTPUT, ALL));
        nest_stage2_map(nest, nest_table_ipa(depth), nest_table_pa(depth), 0, ALL);
    }
    nest_stage2_map(nest, IPA_OUTPUT, PA_OUTPUT, 0, ALL);
}

void nest_close(struct nest *nest)
{
    flat_memory_destroy(nest->memory);
}

enum two_stage_status nest_answer_words(struct nest *nest)
{
    uint64_t words[WALK_WORDS_MAX];
    struct two_stage_walk *walk = &nest->walk;
    nest->fetches += walk->fetches;
    nest->fetches_of[walk->stage] += walk->fetches;
    for (unsigned i = 0; i < walk->fetches * (unsigned)walk->fetch_words; i++)
        if (!nest->reader.read(nest->reader.context,
                               walk->fetch[i / walk->fetch_words] + i % walk->fetch_words * 8, &words[i]))
            return two_stage_abort(walk);
    return two_stage_resume(walk, words);
}

enum two_stage_status nest_finish(struct nest *nest, enum two_stage_status status)
{
    while (status == TWO_STAGE_TRANSLATE || status == TWO_STAGE_FETCH)
        status =
            status == TWO_STAGE_FETCH ? nest_answer_words(nest) : two_stage_walk_stage2(&nest->walk, NULL);
    return status;
}

enum two_stage_status nest_translate(struct nest *nest, uint64_t va)
{
    nest->regime = (struct two_stage_regime){&nest->stage1, &nest->stage2};
    nest->fetches = 0;
    memset(nest->fetches_of, 0, sizeof nest->fetches_of);
    return nest_finish(nest, two_stage_start(&nest->walk, &nest->regime, va, NULL));
}

void nest_assert_leaf(const struct nest *nest, uint64_t va, uint64_t base, unsigned size_lg2)
{
    assert_int_equal(nest->walk.leaf.va, va);
    assert_int_equal(nest->walk.leaf.frame.base, base);
    assert_int_equal(nest->walk.leaf.frame.size_lg2, size_lg2);
}
