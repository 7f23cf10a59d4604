/*
 * Address spaces: a page table with its abstract map, run on simulated cores.
 *
 * Each operation is bracketed by events, goes through the checking wrapper, and is followed by a view: what
 * the table stands for by hardware's reading, for the judges.
 */
#ifndef MMUSIM_SIM_SPACE_H
#define MMUSIM_SIM_SPACE_H

#include "mmu/frame_allocator.h"
#include "mmu/guest.h"
#include "pagetables/abstract_map.h"
#include "pagetables/checked.h"
#include "pagetables/pagetable.h"
#include "sim/simulation.h"

#ifdef __cplusplus
extern "C" {
#endif

struct premap_path;

struct address_space {
    struct simulation *simulation;
    struct address_context context; /* what cores switch to */
    struct address_space *stage2;   /* a guest's: what translates its intermediate addresses; else NULL */
    struct two_stage_regime stages; /* a guest's */
    struct frame_allocator tables;  /* a guest's: the intermediate addresses of its tables */
    uint64_t tables_base, tables_bytes;
    uint64_t unmapped_ipa; /* what the last operation needed of its tables' region, and stage 2 does not map;
                              GUEST_NO_FAULT if it needed no such thing */
    const struct pagetable_class *table;
    void *state;
    struct pagetable_config config;
    struct abstract_map *mappings; /* what operations should have made of it */
    uint64_t shootdown_pa;         /* words of the software that interrupts other cores; 0: it needs none */
    bool aliasing_allowed;
    /* Set up without time, where the entries were these: one page of perhaps many, so its view does not count
     * the others. NULL: not now. */
    const struct premap_path *premapping;
    uint64_t counting_credit;       /* entries that views may still count for what operations have earned */
    struct space_context *contexts; /* of controls other than `context` has; a list */
};

/* The space under a state of the core that is not its own: see space_context_of. */
struct space_context {
    struct address_context context;
    struct two_stage_regime stages; /* a guest's */
    struct space_context *next;
};

struct space_config {
    const struct pagetable_class *table;
    const struct walk_format *format;     /* one that the table accepts */
    const struct entry_format *entries;   /* of the format; NULL: none are known */
    uint16_t asid;                        /* of a stage 1 format */
    uint16_t vmid;                        /* of a stage 2 format; a guest has that of its stage 2 */
    bool hardware_access, hardware_dirty; /* what hardware updates in the entries */
    bool aliasing_allowed;
    uint8_t physical_size_lg2;          /* of output addresses; 0: 48 */
    struct access_controls controls;    /* that a core has when it switches to the space */
    struct address_space *high;         /* whose table translates the upper half (TTBR1); else NULL */
    struct address_space *stage2;       /* a guest's, with a stage 2 format; else NULL */
    uint64_t tables_base, tables_bytes; /* a guest's: intermediate addresses, multiples of 4 KiB */
    unsigned core;                      /* whose program makes it; 0 before the run */
};

/*
 * Built without time: before the run, or at the asked program's cycle. NULL with simulation->error.
 *
 * A guest's table lies in the intermediate addresses that `tables_base` and `tables_bytes` say, which its
 * stage 2 has mapped by then, writable, as far as the table needs them. Page-table code of the guest reaches
 * them as stage 2 stands at that moment, without a walk in time. Mappings are of intermediate frames.
 */
struct address_space *space_create(struct simulation *simulation, const struct space_config *config);
void space_destroy(struct address_space *space);

/* What a core switches to that runs the space under these controls; it lives as long as the space. NULL with
 * simulation->error. */
const struct address_context *space_context_of(struct address_space *space,
                                               const struct access_controls *controls);

/* Page-table code on `core`, in time. PAGETABLE_ENVIRONMENT if the run is being stopped. */
enum pagetable_result space_map(struct address_space *space, unsigned core, uint64_t va,
                                const struct frame *frame);
enum pagetable_result space_unmap(struct address_space *space, unsigned core, uint64_t va);
enum pagetable_result space_protect(struct address_space *space, unsigned core, uint64_t va,
                                    uint32_t attributes);
enum pagetable_result space_query(struct address_space *space, unsigned core, uint64_t va,
                                  struct mapping *found);
/*
 * The space is out of use, and another one may have its ASID: every TLB entry of this ASID, but global ones,
 * is dropped where it could be used; of a stage 2, every one of its VMID. No core runs the space, or begins
 * to before this returns. False: the run is being stopped.
 */
bool space_retire(struct address_space *space, unsigned core);
/* The same as space_map, without time; before the run only. */
enum pagetable_result space_premap(struct address_space *space, uint64_t va, const struct frame *frame);
/* Every mapping by hardware's reading, without time: as `core` sees memory, its buffered stores included. */
enum pagetable_result space_visit(struct address_space *space, unsigned core, pagetable_visitor visit,
                                  void *context);

#ifdef __cplusplus
}
#endif
#endif
