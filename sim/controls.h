/* Controls of formats: which state of a core changes what a format's pages allow. */
#ifndef MMUSIM_SIM_CONTROLS_H
#define MMUSIM_SIM_CONTROLS_H

#include "pagetables/walk.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * The controls (access_control, or-ed) that make a difference to some page of the format, whatever the others
 * are. Found by trying them all, so that a plug-in's format needs to say nothing: a few thousand calls.
 */
uint32_t controls_of_format(const struct walk_format *format);

#ifdef __cplusplus
}
#endif
#endif
