/*
 * Walks of two stages: pagetables/two_stage.h, which composes the engines.
 *
 * A position is the words that were read so far: the composition begins anew with them, and says which word
 * comes next. Its own state is large, and has much in it that no longer matters; the words say the same.
 */
#include "pagetables/two_stage.h"

#include <string.h>

#include "sim/explore/small_internal.h"

struct following {
    struct two_stage_walk walk;
    const struct position *position;
    unsigned used; /* words of the position */
};

static enum two_stage_status give_words(struct following *following)
{
    uint64_t words[WALK_WORDS_MAX] = {0};
    unsigned count = (unsigned)following->walk.fetches * following->walk.fetch_words;
    memcpy(words, following->position->words + following->used, count * sizeof words[0]);
    following->used += count;
    return two_stage_resume(&following->walk, words);
}

/* Of the words that are wanted, those that are here. */
static unsigned here(const struct following *following)
{
    return following->position->have - following->used;
}

static enum two_stage_status go_on(struct following *following, enum two_stage_status status)
{
    for (;;) {
        switch (status) {
        case TWO_STAGE_TRANSLATE: /* there are no caches of stage 2 */
            status = two_stage_walk_stage2(&following->walk, NULL);
            break;
        case TWO_STAGE_FETCH:
            if (here(following) < (unsigned)following->walk.fetches * following->walk.fetch_words)
                return status;
            status = give_words(following);
            break;
        case TWO_STAGE_UPDATE: /* regimes here have no hardware updates: see small_machine.h */
            status = two_stage_updated(&following->walk);
            break;
        default:
            return status;
        }
    }
}

void nested_follow(const struct small_machine *machine, struct position *position)
{
    const struct small_context *context = &machine->config.contexts[position->context - 1];
    const struct two_stage_regime regime = {&context->regime, &context->stage2};
    struct following following = {.position = position};
    enum two_stage_status status =
        go_on(&following, two_stage_start(&following.walk, &regime, position->walk.va, NULL));
    const struct two_stage_walk *walk = &following.walk;
    switch (status) {
    case TWO_STAGE_FETCH: {
        unsigned word = here(&following);
        position->status = WALK_FETCH;
        position->walk.fetches = 1;
        position->walk.fetch_words = 1;
        position->walk.fetch[0] = walk->fetch[word / walk->fetch_words] + 8u * (word % walk->fetch_words);
        position->walk.level = walk->level;
        return;
    }
    case TWO_STAGE_LEAF:
        position->status = WALK_LEAF;
        position->walk.leaf = walk->leaf;
        position->have = 0;
        return;
    default:
        position->status = WALK_FAULT;
        position->walk.fault = walk->fault.kind;
        position->walk.fault_level = walk->fault.level;
        return;
    }
}
