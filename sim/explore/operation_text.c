#include <inttypes.h>
#include <stdio.h>

#include "sim/explore/operation_tree.h"

static void print_map(const struct operation_call *call, char *text, size_t text_bytes)
{
    char attributes[FRAME_ATTRIBUTES_TEXT_BYTES];
    frame_attributes_print(call->frame.attributes, attributes);
    snprintf(text, text_bytes, "map of 0x%" PRIx64 " to 0x%" PRIx64 " (2^%u bytes, %s)", call->va,
             call->frame.base, (unsigned)call->frame.size_lg2, attributes);
}

void operation_call_print(const struct operation_call *call, char *text, size_t text_bytes)
{
    static const char *const names[CALL_KINDS] = {
        [CALL_UNMAP] = "unmap", [CALL_QUERY] = "query", [CALL_CREATE] = "create", [CALL_DESTROY] = "destroy"};
    char attributes[FRAME_ATTRIBUTES_TEXT_BYTES];
    if (call->kind == CALL_MAP) {
        print_map(call, text, text_bytes);
    } else if (call->kind == CALL_PROTECT) {
        frame_attributes_print(call->attributes, attributes);
        snprintf(text, text_bytes, "protect of 0x%" PRIx64 " with %s", call->va, attributes);
    } else if (call->kind == CALL_UNMAP || call->kind == CALL_QUERY) {
        snprintf(text, text_bytes, "%s of 0x%" PRIx64, names[call->kind], call->va);
    } else {
        snprintf(text, text_bytes, "%s", names[call->kind]);
    }
}

static const char *barrier_name(enum barrier_kind kind)
{
    static const char *const names[BARRIER_KINDS] = {
        [BARRIER_DSB_ISH] = "DSB ISH",     [BARRIER_DSB_NSH] = "DSB NSH",
        [BARRIER_DSB_ISHST] = "DSB ISHST", [BARRIER_ISB] = "ISB",
        [BARRIER_DMB_ISH] = "DMB ISH",     [BARRIER_DMB_ISHST] = "DMB ISHST",
        [BARRIER_FENCE] = "a full barrier"};
    return (unsigned)kind < BARRIER_KINDS ? names[kind] : "an unknown barrier";
}

static void print_invalidation(const struct invalidation *what, char *text, size_t text_bytes)
{
    static const char *const scopes[INVALIDATION_SCOPES] = {
        [INVALIDATE_VA] = "an address",
        [INVALIDATE_VA_ALL_ASIDS] = "an address in all ASIDs",
        [INVALIDATE_ASID] = "an ASID",
        [INVALIDATE_ALL] = "all addresses",
        [INVALIDATE_IPA] = "an intermediate address",
        [INVALIDATE_VMID] = "a virtual machine",
    };
    const char *scope =
        (unsigned)what->scope < INVALIDATION_SCOPES ? scopes[what->scope] : "an unknown scope";
    snprintf(text, text_bytes, "invalidates %s%s%s (0x%" PRIx64 ", %" PRIu64 " bytes, ASID %u, VMID %u)",
             scope, what->broadcast ? " everywhere" : " on its core",
             what->last_level_only ? ", leaves only" : "", what->va, what->size_bytes, (unsigned)what->asid,
             (unsigned)what->vmid);
}

void operation_request_print(const struct operation_request *request, char *text, size_t text_bytes)
{
    switch (request->kind) {
    case REQUEST_READ:
        snprintf(text, text_bytes, "reads 0x%" PRIx64, request->pa);
        return;
    case REQUEST_WRITE:
        snprintf(text, text_bytes, "writes 0x%" PRIx64 " to 0x%" PRIx64, request->value, request->pa);
        return;
    case REQUEST_COMPARE_EXCHANGE:
        snprintf(text, text_bytes, "replaces 0x%" PRIx64 " by 0x%" PRIx64 " at 0x%" PRIx64, request->expected,
                 request->value, request->pa);
        return;
    case REQUEST_ALLOCATE:
        snprintf(text, text_bytes, "allocates %" PRIu64 " bytes", request->size_bytes);
        return;
    case REQUEST_RELEASE:
        snprintf(text, text_bytes, "releases %" PRIu64 " bytes at 0x%" PRIx64, request->size_bytes,
                 request->pa);
        return;
    case REQUEST_BARRIER:
        snprintf(text, text_bytes, "executes %s", barrier_name(request->barrier));
        return;
    case REQUEST_INVALIDATE:
        print_invalidation(&request->invalidation, text, text_bytes);
        return;
    case REQUEST_COMPLETE:
        snprintf(text, text_bytes, "waits for its invalidations");
        return;
    case REQUEST_LOCK:
        snprintf(text, text_bytes, "takes the lock at 0x%" PRIx64, request->pa);
        return;
    case REQUEST_UNLOCK:
        snprintf(text, text_bytes, "gives back the lock at 0x%" PRIx64, request->pa);
        return;
    case REQUEST_RETURN:
        snprintf(text, text_bytes, "returns %s", pagetable_result_name(request->result));
        return;
    case REQUEST_KINDS:
        break;
    }
    snprintf(text, text_bytes, "?");
}
