/* The attributes that a format can express. Not a public header. */
#ifndef MMUSIM_PAGETABLES_CONFORM_ATTRIBUTES_H
#define MMUSIM_PAGETABLES_CONFORM_ATTRIBUTES_H

#include "pagetables/conform/conform.h"

#define CONFORM_ATTRIBUTES_MAX 640

struct conform_attributes {
    const struct entry_format *entries; /* NULL: what the table itself takes is expressible */
    unsigned count;                     /* those of smallest pages, the plain ones first */
    unsigned refused;
    uint32_t list[CONFORM_ATTRIBUTES_MAX];
    uint32_t refused_list[CONFORM_ATTRIBUTES_MAX];
};

/* All combinations but most of the protection keys'. False if the host has no memory. */
bool conform_attributes_find(const struct conform_options *options, struct conform_attributes *attributes);

/* Whether the format can express a frame. */
bool conform_expresses(const struct conform_attributes *attributes, const struct frame *frame);
/* The attributes, state included, that the frame's entry decodes to; the frame's own where entries are not
 * known. */
uint32_t conform_decoded(const struct conform_attributes *attributes, const struct frame *frame);

#endif
