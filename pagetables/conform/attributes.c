#include "pagetables/conform/attributes.h"

#include "pagetables/conform/subject.h"

/* The level whose leaves, or runs of them, map frames of this size; NULL if there is none. */
static const struct entry_level *level_of(const struct entry_format *entries, unsigned size_lg2)
{
    for (unsigned depth = 0; entry_has_depth(entries, depth); depth++) {
        const struct entry_level *level = &entries->level[depth];
        if (level->leaf &&
            (level->span_lg2 == size_lg2 || (level->run_lg2 && entry_run_span_lg2(level) == size_lg2)))
            return level;
    }
    return NULL;
}

static bool encode(const struct entry_format *entries, const struct frame *frame, uint64_t *word)
{
    const struct entry_level *level = level_of(entries, frame->size_lg2);
    return level && entries->encode_leaf(level, frame, word);
}

static bool listed(const struct conform_attributes *attributes, uint32_t wanted)
{
    for (unsigned i = 0; i < attributes->count; i++)
        if (attributes->list[i] == wanted)
            return true;
    return false;
}

bool conform_expresses(const struct conform_attributes *attributes, const struct frame *frame)
{
    uint64_t word;
    return attributes->entries ? encode(attributes->entries, frame, &word)
                               : listed(attributes, frame->attributes);
}

uint32_t conform_decoded(const struct conform_attributes *attributes, const struct frame *frame)
{
    uint64_t word;
    if (!attributes->entries || !encode(attributes->entries, frame, &word))
        return frame->attributes;
    return attributes->entries->decode(level_of(attributes->entries, frame->size_lg2), word).frame.attributes;
}

/* Asks the table itself, of which an empty one is at hand. */
static bool takes(struct conform_subject *subject, const struct frame *frame)
{
    const struct conform_step map = {
        .kind = CONFORM_MAP, .size_lg2 = frame->size_lg2, .attributes = frame->attributes};
    const struct conform_step unmap = {.kind = CONFORM_UNMAP};
    if (conform_perform(subject, &map, NULL) != PAGETABLE_OK)
        return false;
    (void)conform_perform(subject, &unmap, NULL);
    return true;
}

static void consider(struct conform_attributes *attributes, struct conform_subject *subject,
                     const struct frame *frame)
{
    uint64_t word;
    bool expressible =
        attributes->entries ? encode(attributes->entries, frame, &word) : takes(subject, frame);
    if (expressible && attributes->count < CONFORM_ATTRIBUTES_MAX)
        attributes->list[attributes->count++] = frame->attributes;
    else if (!expressible && attributes->refused < CONFORM_ATTRIBUTES_MAX)
        attributes->refused_list[attributes->refused++] = frame->attributes;
}

/* Every combination of the other attributes, without key and with one of three keys. */
static void consider_all(struct conform_attributes *attributes, struct conform_subject *subject,
                         const struct walk_format *format)
{
    static const uint32_t states[] = {0, FRAME_OLD, FRAME_CLEAN, FRAME_CLEAN | FRAME_OLD};
    static const unsigned keys[] = {0, 1, 6, 15};
    struct frame frame = {.base = 0, .size_lg2 = format->page_lg2};
    for (unsigned key = 0; key < sizeof keys / sizeof *keys; key++)
        for (unsigned state = 0; state < sizeof states / sizeof *states; state++)
            for (uint32_t plain = 0; plain <= (FRAME_ATTRIBUTES_ALL & ~FRAME_KEY_ALL); plain++) {
                if (plain & FRAME_STATE_ALL)
                    continue;
                frame.attributes = plain | states[state] | FRAME_KEY(keys[key]);
                consider(attributes, subject, &frame);
            }
}

bool conform_attributes_find(const struct conform_options *options, struct conform_attributes *attributes)
{
    const struct conform_setting setting = {.asid = 1, .vmid = 1, .aliasing = true};
    struct conform_subject subject;
    *attributes = (struct conform_attributes){.entries = options->entries};
    if (!conform_subject_open(&subject, options, &setting))
        return false;
    if (subject.created == PAGETABLE_OK || options->entries)
        consider_all(attributes, &subject, options->format);
    if (subject.created == PAGETABLE_OK)
        (void)conform_subject_destroy(&subject);
    conform_subject_close(&subject);
    return true;
}
