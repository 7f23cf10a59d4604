#include <inttypes.h>
#include <stdio.h>

#include "sim/explore/program_tree.h"

static void print_access(const struct program_request *request, char *text, size_t text_bytes)
{
    const char *privilege = request->privilege == PRIVILEGE_KERNEL ? ", privileged" : "";
    if (request->access == ACCESS_STORE)
        snprintf(text, text_bytes, "stores 0x%" PRIx64 " to 0x%" PRIx64 "%s", request->value, request->va,
                 privilege);
    else
        snprintf(text, text_bytes, "%s 0x%" PRIx64 "%s", request->access == ACCESS_LOAD ? "loads" : "fetches",
                 request->va, privilege);
}

static void print_call(const struct program_request *request, char *text, size_t text_bytes)
{
    char call[128];
    operation_call_print(&request->call, call, sizeof call);
    snprintf(text, text_bytes, "calls %s", call);
}

/* What page-table code asks for in the same words. */
static void print_as_operation(const struct program_request *request, char *text, size_t text_bytes)
{
    static const enum operation_request_kind kinds[PROGRAM_REQUESTS] = {
        [PROGRAM_READ] = REQUEST_READ,
        [PROGRAM_WRITE] = REQUEST_WRITE,
        [PROGRAM_COMPARE_EXCHANGE] = REQUEST_COMPARE_EXCHANGE,
        [PROGRAM_BARRIER] = REQUEST_BARRIER,
        [PROGRAM_INVALIDATE] = REQUEST_INVALIDATE};
    const struct operation_request alike = {.kind = kinds[request->kind],
                                            .barrier = request->barrier,
                                            .pa = request->pa,
                                            .value = request->value,
                                            .expected = request->expected,
                                            .invalidation = request->invalidation};
    operation_request_print(&alike, text, text_bytes);
}

void program_request_print(const struct program_request *request, char *text, size_t text_bytes)
{
    switch (request->kind) {
    case PROGRAM_END:
        snprintf(text, text_bytes, "ends");
        return;
    case PROGRAM_ACCESS:
        print_access(request, text, text_bytes);
        return;
    case PROGRAM_CALL:
        print_call(request, text, text_bytes);
        return;
    case PROGRAM_SWITCH:
        snprintf(text, text_bytes, "switches to context %" PRIu64, request->value);
        return;
    case PROGRAM_CHOOSE:
        snprintf(text, text_bytes, "chooses one of %" PRIu64, request->value);
        return;
    default:
        print_as_operation(request, text, text_bytes);
        return;
    }
}
