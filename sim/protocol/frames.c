#include "sim/protocol/frames.h"

#include <stdlib.h>

struct frame_node {
    struct guest_frame is;
    struct frame_node *next_of_pa;
    struct frame_node *next_of_ipa;
};

static size_t hash_of(uint64_t address, uint64_t what)
{
    return (size_t)(((address >> 12) + what) * UINT64_C(0x9e3779b97f4a7c15) >> 32);
}

static struct frame_node **pa_chain(const struct guest_frames *frames, uint64_t pa, unsigned size_lg2)
{
    return &frames->by_pa[hash_of(pa, size_lg2) & (frames->capacity - 1)];
}

static struct frame_node **ipa_chain(const struct guest_frames *frames, uint64_t ipa, uint32_t space)
{
    return &frames->by_ipa[hash_of(ipa, space) & (frames->capacity - 1)];
}

void frames_free(struct guest_frames *frames)
{
    for (size_t i = 0; i < frames->capacity; i++)
        for (struct frame_node *node = frames->by_pa[i], *next; node; node = next) {
            next = node->next_of_pa;
            free(node);
        }
    free(frames->by_pa);
    free(frames->by_ipa);
    *frames = (struct guest_frames){0};
}

static void put(struct guest_frames *frames, struct frame_node *node)
{
    struct frame_node **pa = pa_chain(frames, node->is.pa, node->is.size_lg2);
    struct frame_node **ipa = ipa_chain(frames, node->is.ipa, node->is.space);
    node->next_of_pa = *pa;
    node->next_of_ipa = *ipa;
    *pa = *ipa = node;
}

static bool grow(struct guest_frames *frames)
{
    struct guest_frames larger = *frames;
    larger.capacity = frames->capacity ? frames->capacity * 2 : 64;
    larger.by_pa = calloc(larger.capacity, sizeof *larger.by_pa);
    larger.by_ipa = calloc(larger.capacity, sizeof *larger.by_ipa);
    if (!larger.by_pa || !larger.by_ipa) {
        free(larger.by_pa);
        free(larger.by_ipa);
        return false;
    }
    for (size_t i = 0; i < frames->capacity; i++)
        for (struct frame_node *node = frames->by_pa[i], *next; node; node = next) {
            next = node->next_of_pa;
            put(&larger, node);
        }
    free(frames->by_pa);
    free(frames->by_ipa);
    frames->by_pa = larger.by_pa;
    frames->by_ipa = larger.by_ipa;
    frames->capacity = larger.capacity;
    return true;
}

bool frames_add(struct guest_frames *frames, const struct guest_frame *frame)
{
    if (frames->count == frames->capacity && !grow(frames))
        return false;
    struct frame_node *node = calloc(1, sizeof *node);
    if (!node)
        return false;
    node->is = *frame;
    put(frames, node);
    frames->count++;
    frames->sizes |= UINT64_C(1) << frame->size_lg2;
    return true;
}

static void leave_pa_chain(struct guest_frames *frames, const struct frame_node *node)
{
    struct frame_node **link = pa_chain(frames, node->is.pa, node->is.size_lg2);
    while (*link != node)
        link = &(*link)->next_of_pa;
    *link = node->next_of_pa;
}

void frames_remove(struct guest_frames *frames, uint32_t space, uint64_t ipa, uint64_t first, uint64_t last)
{
    struct frame_node **link = frames->capacity ? ipa_chain(frames, ipa, space) : NULL;
    while (link && *link) {
        struct frame_node *node = *link;
        const struct guest_frame *is = &node->is;
        if (is->space != space || is->ipa != ipa || is->operation < first || is->operation > last) {
            link = &node->next_of_ipa;
            continue;
        }
        *link = node->next_of_ipa;
        leave_pa_chain(frames, node);
        free(node);
        frames->count--;
    }
}

/* The first of the frames of the least size that is still to be looked at. */
static void next_size(const struct guest_frames *frames, struct frames_search *search)
{
    unsigned size_lg2 = (unsigned)__builtin_ctzll(search->sizes);
    search->sizes &= search->sizes - 1;
    search->next = *pa_chain(frames, search->pa & ~((UINT64_C(1) << size_lg2) - 1), size_lg2);
}

struct frames_search frames_search(const struct guest_frames *frames, uint64_t pa)
{
    return (struct frames_search){.pa = pa, .sizes = frames->sizes};
}

const struct guest_frame *frames_next(const struct guest_frames *frames, struct frames_search *search)
{
    for (;;) {
        while (search->next) {
            const struct guest_frame *is = &search->next->is;
            search->next = search->next->next_of_pa;
            if ((search->pa ^ is->pa) >> is->size_lg2 == 0)
                return is;
        }
        if (!search->sizes)
            return NULL;
        next_size(frames, search);
    }
}
