/* Controls of formats: which state of a core changes what a format's pages allow. */
#ifndef MMUSIM_SIM_CONTROLS_H
#define MMUSIM_SIM_CONTROLS_H

#include <stddef.h>

#include "pagetables/walk.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * The controls (access_control, or-ed) that make a difference to some page of the format. Found by trying
 * each beside others, so that a plug-in's format needs to say nothing: some hundred thousand calls.
 */
uint32_t controls_of_format(const struct walk_format *format);
/* "wp, smep, smap, ac, pke, pkru"; cut where the text ends. */
void controls_of_format_print(uint32_t controls, char *text, size_t bytes);

#ifdef __cplusplus
}
#endif
#endif
