#include "sim/specification/entry_state.h"

uint32_t state_after_access(uint32_t state, enum access_kind kind)
{
    state &= ~(uint32_t)FRAME_OLD;
    return kind == ACCESS_STORE ? state & ~(uint32_t)FRAME_CLEAN : state;
}

/* What became of a state unasked. */
static bool grew_accessed(uint64_t s1, uint64_t s2)
{
    return s2 == s1 || s2 == (s1 & ~(uint64_t)FRAME_OLD);
}

/* Every state of `s1`, and of `s2`, but for that at `va`. */
static bool others_grew_accessed(const struct word_map *s1, const struct word_map *s2, uint64_t va)
{
    for (size_t i = 0; i < s1->count; i++)
        if (s1->at[i].index != va && !grew_accessed(s1->at[i].value, word_map_read(s2, s1->at[i].index)))
            return false;
    for (size_t i = 0; i < s2->count; i++)
        if (s2->at[i].index != va && !grew_accessed(word_map_read(s1, s2->at[i].index), s2->at[i].value))
            return false;
    return true;
}

bool states_grew_accessed(const struct word_map *s1, const struct word_map *s2)
{
    const uint64_t no_base = 1; /* aligned to nothing */
    return others_grew_accessed(s1, s2, no_base);
}

/* Whether hardware may mark entries as accessed at any time. */
static bool marks_unasked(const struct extensions *extensions)
{
    return extensions->hardware_access && extended_by(extensions, EXTENSION_SPECULATION);
}

bool states_stay(const struct extensions *extensions, const struct word_map *s1, const struct word_map *s2)
{
    return !extended_by(extensions, EXTENSION_STATE) || word_map_equal(s1, s2) ||
           (marks_unasked(extensions) && states_grew_accessed(s1, s2));
}

bool states_follow_operation(const struct extensions *extensions, const struct word_map *s1,
                             const struct word_map *s2, uint64_t va, uint32_t state)
{
    return !extended_by(extensions, EXTENSION_STATE) || word_map_is_update(s2, s1, va, state) ||
           (marks_unasked(extensions) && grew_accessed(state, word_map_read(s2, va)) &&
            others_grew_accessed(s1, s2, va));
}

bool states_follow_access(const struct extensions *extensions, const struct word_map *s1,
                          const struct word_map *s2, const struct mapping *used, enum access_kind kind)
{
    if (!extended_by(extensions, EXTENSION_STATE))
        return true;
    if (!used)
        return word_map_equal(s1, s2) || (extensions->hardware_access && states_grew_accessed(s1, s2));
    uint32_t after = state_after_access((uint32_t)word_map_read(s1, used->va), kind);
    return word_map_is_update(s2, s1, used->va, after) ||
           (marks_unasked(extensions) && word_map_read(s2, used->va) == after &&
            others_grew_accessed(s1, s2, used->va));
}
