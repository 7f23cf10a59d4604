/* Sequences of operations, systematic and random. Not a public header. */
#ifndef MMUSIM_PAGETABLES_CONFORM_SEQUENCE_H
#define MMUSIM_PAGETABLES_CONFORM_SEQUENCE_H

#include "pagetables/conform/attributes.h"
#include "pagetables/conform/random.h"
#include "pagetables/conform/trial.h"

/* Whether the step keeps the preconditions of pagetables/checked.h, a frame that is in use excepted. */
bool conform_step_is_sound(const struct walk_format *format, const struct conform_step *step);

/*
 * Every pair of frame sizes in every position to each other, and each frame size at the ends of the address
 * space; by index. False past the end.
 */
bool conform_systematic(const struct walk_format *format, unsigned index, struct conform_step *steps,
                        size_t *count);
/* Every frame size with all attributes, and protect between them; by index. False past the end. */
bool conform_all_attributes(const struct walk_format *format, const struct conform_attributes *attributes,
                            unsigned index, struct conform_step *steps, size_t *count);
/* So many pages that structures which are resized are, and their removal; by index. False past the end. */
bool conform_growing(const struct walk_format *format, const struct conform_attributes *attributes,
                     unsigned index, struct conform_step *steps, size_t *count);
/* At most `limit` steps. */
size_t conform_random_steps(const struct walk_format *format, const struct conform_attributes *attributes,
                            struct conform_random *random, size_t limit, struct conform_step *steps);

#endif
