#include "sim/record/codes.h"

#include <stddef.h>

#include "mmu/event.h"
#include "sim/record/recorder.h"

const struct record_code record_codes[] = {
    {"level", RECORD_COUNTERS, "counters"},
    {"level", RECORD_MISSES, "misses"},
    {"level", RECORD_ALL, "all"},
    {"access", ACCESS_LOAD, "load"},
    {"access", ACCESS_STORE, "store"},
    {"access", ACCESS_FETCH, "fetch"},
    {"privilege", PRIVILEGE_USER, "user"},
    {"privilege", PRIVILEGE_KERNEL, "kernel"},
    {"outcome", OUTCOME_L1_HIT, "L1 hit"},
    {"outcome", OUTCOME_L2_HIT, "L2 hit"},
    {"outcome", OUTCOME_WALK, "walk"},
    {"outcome", OUTCOME_MERGED, "merged"},
    {"outcome", OUTCOME_NO_WALK, "no walk"},
    {"fault", FAULT_NONE, "none"},
    {"fault", FAULT_TRANSLATION, "translation"},
    {"fault", FAULT_ACCESS_FLAG, "access flag"},
    {"fault", FAULT_PERMISSION, "permission"},
    {"fault", FAULT_ADDRESS_SIZE, "address size"},
    {"fault", FAULT_EXTERNAL_ABORT, "external abort"},
    {"tlb", TLB_L1I, "L1I"},
    {"tlb", TLB_L1D, "L1D"},
    {"tlb", TLB_L2, "L2"},
    {"end", ENTRY_END_EVICTED, "evicted"},
    {"end", ENTRY_END_INVALIDATED, "invalidated"},
    {"end", ENTRY_END_RUN, "end of run"},
    {"end", ENTRY_END_REFILLED, "refilled"},
    {"operation", OPERATION_MAP, "map"},
    {"operation", OPERATION_UNMAP, "unmap"},
    {"operation", OPERATION_PROTECT, "protect"},
    {"operation", OPERATION_QUERY, "query"},
    {"result", PAGETABLE_OK, "ok"},
    {"result", PAGETABLE_OVERLAP, "overlap"},
    {"result", PAGETABLE_NOT_MAPPED, "not mapped"},
    {"result", PAGETABLE_NO_MEMORY, "no memory"},
    {"result", PAGETABLE_UNSUPPORTED, "unsupported"},
    {"result", PAGETABLE_ENVIRONMENT, "environment failed"},
    {"result", PAGETABLE_CORRUPT, "corrupt"},
    {"result", PAGETABLE_UNALIGNED, "unaligned"},
    {"result", PAGETABLE_BAD_SIZE, "bad size"},
    {"result", PAGETABLE_OUT_OF_RANGE, "out of range"},
    {"result", PAGETABLE_FRAME_IN_USE, "frame in use"},
    {"barrier", BARRIER_DSB_ISH, "DSB ISH"},
    {"barrier", BARRIER_DSB_NSH, "DSB NSH"},
    {"barrier", BARRIER_DSB_ISHST, "DSB ISHST"},
    {"barrier", BARRIER_ISB, "ISB"},
    {"scope", INVALIDATE_VA, "va"},
    {"scope", INVALIDATE_VA_ALL_ASIDS, "va, all asids"},
    {"scope", INVALIDATE_ASID, "asid"},
    {"scope", INVALIDATE_ALL, "all"},
    {"scope", INVALIDATE_IPA, "ipa"},
    {"scope", INVALIDATE_VMID_STAGE1, "vmid, stage 1"},
    {"scope", INVALIDATE_VMID, "vmid"},
    {NULL, 0, NULL},
};

_Static_assert(ACCESS_KINDS == 3 && PRIVILEGES == 2 && OUTCOMES == 5 && FAULT_KINDS == 6 && TLBS == 3 &&
                   ENTRY_ENDS == 4 && OPERATION_KINDS == 4 && PAGETABLE_RESULTS == 11 && BARRIER_KINDS == 4 &&
                   INVALIDATION_SCOPES == 7 && RECORD_LEVELS == 3,
               "a kind without a name: add it to record_codes");
