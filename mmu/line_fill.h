/*
 * Look-ups and fills: how requests find their lines in the levels, and how lines come there.
 */
#ifndef MMUSIM_MMU_LINE_FILL_H
#define MMUSIM_MMU_LINE_FILL_H

#include <stdbool.h>
#include <stdint.h>

struct machine;

/*
 * A part of a request, or a fill of the level in front, looks up its target. `again`: it was counted before,
 * and had to wait for a line that then came without being owned, or for its word.
 */
void line_look_up(struct machine *machine, uint32_t transfer, uint64_t cycle, bool again);
/* What the fill asked for is decided; the line is there at `ready_cycle`. */
void line_decide(struct machine *machine, uint32_t fill, uint64_t ready_cycle, uint64_t cycle);
/* There is no memory: whoever waits for the fill gets an abort. */
void line_abort(struct machine *machine, uint32_t fill, uint64_t ready_cycle, uint64_t cycle);
/* The line arrives. */
void line_install(struct machine *machine, uint32_t fill, uint64_t cycle);

#endif
