/*
 * Where the intermediate addresses of virtual machines lie in physical memory, by the operations on their
 * second stages: so a store, which has a physical address, is found to be one to a guest's table.
 *
 * Not thread-safe; no writable globals.
 */
#ifndef MMUSIM_SIM_PROTOCOL_FRAMES_H
#define MMUSIM_SIM_PROTOCOL_FRAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One mapping of a second stage. */
struct guest_frame {
    uint64_t ipa, pa;   /* of the first byte, aligned to the size */
    uint64_t operation; /* that mapped it; they are numbered in the order of their calls */
    uint32_t space;     /* of the second stage */
    uint8_t size_lg2;
};

struct frame_node;

/* All 0 in the beginning. */
struct guest_frames {
    struct frame_node **by_pa;  /* chains; `capacity` is a power of two, or 0 */
    struct frame_node **by_ipa; /* the same nodes */
    size_t capacity;
    size_t count;
    uint64_t sizes; /* bit: log2 of a size that was ever mapped */
};

void frames_free(struct guest_frames *frames);
/* False if there is no memory. */
bool frames_add(struct guest_frames *frames, const struct guest_frame *frame);
/* Those mapped at this address by an operation from `first` to `last` are mapped no more. */
void frames_remove(struct guest_frames *frames, uint32_t space, uint64_t ipa, uint64_t first, uint64_t last);

/* The frames that hold a physical address, one after the other. */
struct frames_search {
    uint64_t pa;
    uint64_t sizes; /* that are still to be looked at */
    const struct frame_node *next;
};
struct frames_search frames_search(const struct guest_frames *frames, uint64_t pa);
/* NULL: that was the last. In between no frame is added or removed. */
const struct guest_frame *frames_next(const struct guest_frames *frames, struct frames_search *search);

#endif
