/*
 * What an invalidation means: which entries of TLBs and walk caches it drops, and which walks under way it
 * concerns. No time and no machine: the timed one and the explorer (sim/explore/) ask the same questions.
 */
#ifndef MMUSIM_MMU_INVALIDATION_SCOPE_H
#define MMUSIM_MMU_INVALIDATION_SCOPE_H

#include <stdbool.h>
#include <stdint.h>

#include "mmu/config.h"
#include "pagetables/environment.h"
#include "pagetables/walk.h"
#include "tlb/tlb.h"

#ifdef __cplusplus
extern "C" {
#endif

/* INVALIDATE_VA and INVALIDATE_VA_ALL_ASIDS. */
bool invalidation_names_address(const struct invalidation *what);

/* Of the entries for virtual addresses. */
struct tlb_selection invalidation_selection(const struct invalidation *what);

/* Whether a page could be meant, its being global left open. */
bool invalidation_selects(const struct invalidation *what, uint64_t va, uint8_t size_lg2, uint16_t asid,
                          uint16_t vmid);

/*
 * What of the walk caches' tables goes with it; false if nothing does. Arm: an invalidation by address takes
 * the entries that lead to it, unless it asks for the last level only (DDI 0487, D8.17.5). x86: INVLPG takes
 * all paging-structure-cache entries of the current PCID, whatever they map (SDM volume 3, 4.10.4.1). RISC-V:
 * SFENCE.VMA with an address orders reads of leaf entries only (Privileged, Supervisor Memory-Management
 * Fence). `keeps_tables`: of the format in use, walk_format.address_keeps_tables.
 */
bool invalidation_selects_tables(const struct invalidation *what, enum ordering ordering, bool keeps_tables,
                                 struct tlb_selection *selection);

/*
 * Whether a walk under way, of one stage, has to end before the invalidation is answered, and may leave
 * nothing in caches. `updating`: it changes an entry just now.
 */
bool invalidation_concerns_walk(const struct invalidation *what, const struct walk_state *walk, bool updating,
                                uint16_t asid, uint16_t vmid);

/* The same of a walk of two stages, which depends on much more: every invalidation of its virtual machine
 * counts, those of other address spaces in it excepted. */
bool invalidation_concerns_nested_walk(const struct invalidation *what, uint16_t asid, uint16_t vmid);

#ifdef __cplusplus
}
#endif
#endif
