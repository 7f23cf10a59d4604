/* Faults as scripts see them: a table that prints as a sentence. */
#include <inttypes.h>
#include <stdio.h>

#include "pagetables/ept.h"
#include "pagetables/x86.h"
#include "sim/lua/lua_script.h"

#define FAULT_TYPE "mmusim.fault"

static const char *const kinds[FAULT_KINDS] = {
    [FAULT_NONE] = "no",
    [FAULT_TRANSLATION] = "translation",
    [FAULT_ACCESS_FLAG] = "access flag",
    [FAULT_PERMISSION] = "permission",
    [FAULT_ADDRESS_SIZE] = "address size",
    [FAULT_EXTERNAL_ABORT] = "external abort",
    [FAULT_TLB_CONFLICT] = "TLB conflict",
    [FAULT_RESERVED] = "reserved-bit",
    [FAULT_NONCANONICAL] = "noncanonical-address",
};
static const char *const accesses[ACCESS_KINDS] = {"load", "store", "fetch"};

#define TEXT_BYTES 256

/* "translation fault, level 3"; of stage 2 with its name and, where it is known, the intermediate address. */
static void print_fault(const struct core_result *result, char text[TEXT_BYTES])
{
    bool second = result->fault_stage == 2;
    if (result->fault == FAULT_NONCANONICAL) { /* found before any table was read */
        snprintf(text, TEXT_BYTES, "%s fault", kinds[result->fault]);
        return;
    }
    int length = snprintf(text, TEXT_BYTES, "%s%s fault, level %u", second ? "stage-2 " : "",
                          kinds[result->fault], result->fault_level);
    if (second && result->fault_ipa != EVENT_NEVER)
        snprintf(text + length, TEXT_BYTES - (size_t)length, ", at intermediate address 0x%" PRIx64 "%s",
                 result->fault_ipa, result->fault_on_table ? " of a stage-1 table" : "");
}

static int fault_text(lua_State *state)
{
    lua_settop(state, 1);
    lua_getfield(state, 1, "text");
    return 1;
}

static void set_integer(lua_State *state, const char *name, uint64_t value)
{
    lua_pushinteger(state, (lua_Integer)value);
    lua_setfield(state, -2, name);
}

static void set_text(lua_State *state, const char *name, const char *value)
{
    lua_pushstring(state, value);
    lua_setfield(state, -2, name);
}

/* ---- What the architecture reports ---- */

/*
 * The same numbers in each architecture's own words. Whose they are follows from them (fault_report): Arm's
 * code has its vector in bits 31:26, RISC-V's is its vector, and those of x86 and EPT are none of the
 * others'.
 */
static bool print_arm(const struct fault_report *report, char text[TEXT_BYTES])
{
    if (report->vector == 0 || report->code >> 26 != report->vector)
        return false;
    int length = snprintf(text, TEXT_BYTES, "ESR 0x%" PRIx64 " (EC 0x%02x, FSC 0x%02x), FAR 0x%" PRIx64,
                          report->code, report->vector, report->status, report->address);
    if (report->ipa)
        snprintf(text + length, TEXT_BYTES - (size_t)length, ", HPFAR: IPA 0x%" PRIx64, report->ipa);
    return true;
}

static bool print_riscv(const struct fault_report *report, char text[TEXT_BYTES])
{
    if (report->vector == 0 || report->code != report->vector)
        return false;
    int length = snprintf(text, TEXT_BYTES, "cause %u, tval 0x%" PRIx64, report->vector, report->address);
    if (report->ipa)
        length += snprintf(text + length, TEXT_BYTES - (size_t)length, ", htval 0x%" PRIx64, report->ipa);
    if (report->instruction)
        snprintf(text + length, TEXT_BYTES - (size_t)length, ", htinst 0x%" PRIx64, report->instruction);
    return true;
}

static bool print_x86(const struct fault_report *report, char text[TEXT_BYTES])
{
    switch (report->vector) {
    case X86_VECTOR_GENERAL_PROTECTION:
        snprintf(text, TEXT_BYTES, "#GP, error code 0x%" PRIx64, report->code);
        return true;
    case X86_VECTOR_PAGE_FAULT:
        snprintf(text, TEXT_BYTES, "#PF, error code 0x%" PRIx64 ", CR2 0x%" PRIx64, report->code,
                 report->address);
        return true;
    case EPT_EXIT_VIOLATION:
    case EPT_EXIT_MISCONFIGURATION:
        snprintf(text, TEXT_BYTES,
                 "exit reason %u, qualification 0x%" PRIx64 ", guest-linear 0x%" PRIx64
                 ", guest-physical 0x%" PRIx64,
                 report->vector, report->code, report->address, report->ipa);
        return true;
    default:
        return false;
    }
}

static void print_report(const struct fault_report *report, char text[TEXT_BYTES])
{
    if (!print_arm(report, text) && !print_riscv(report, text) && !print_x86(report, text))
        snprintf(text, TEXT_BYTES, "vector %u, code 0x%" PRIx64 ", address 0x%" PRIx64, report->vector,
                 report->code, report->address);
}

/* Nothing where the format reports nothing. */
static void set_report(lua_State *state, const struct fault_report *report)
{
    char text[TEXT_BYTES];
    if (!report->vector && !report->code)
        return;
    print_report(report, text);
    set_text(state, "report", text);
    set_integer(state, "code", report->code);
    set_integer(state, "vector", report->vector);
    set_integer(state, "status", report->status);
    set_integer(state, "address", report->address);
    set_integer(state, "reported_ipa", report->ipa);
    set_integer(state, "instruction", report->instruction);
}

void push_fault(lua_State *state, const struct core_result *result)
{
    char text[TEXT_BYTES];
    print_fault(result, text);
    lua_createtable(state, 0, 10);
    set_text(state, "text", text);
    set_text(state, "kind", kinds[result->fault]);
    set_integer(state, "level", result->fault_level);
    set_integer(state, "stage", result->fault_stage);
    set_integer(state, "va", result->fault_va);
    set_integer(state, "pc", result->fault_pc);
    set_text(state, "access", accesses[result->fault_access]);
    set_text(state, "privilege", result->fault_privilege == PRIVILEGE_USER ? "user" : "kernel");
    if (result->fault_stage == 2 && result->fault_ipa != EVENT_NEVER) {
        set_integer(state, "ipa", result->fault_ipa);
        lua_pushboolean(state, result->fault_on_table);
        lua_setfield(state, -2, "on_table");
    }
    set_report(state, &result->report);
    luaL_setmetatable(state, FAULT_TYPE);
}

void push_fault_text(lua_State *state, const struct core_result *result)
{
    char fault[TEXT_BYTES], text[2 * TEXT_BYTES];
    print_fault(result, fault);
    snprintf(text, sizeof text, "%s, of a %s by the %s at 0x%" PRIx64, fault, accesses[result->fault_access],
             result->fault_privilege == PRIVILEGE_USER ? "user" : "kernel", result->fault_va);
    lua_pushstring(state, text);
}

void open_faults(lua_State *state)
{
    luaL_newmetatable(state, FAULT_TYPE);
    lua_pushcfunction(state, fault_text);
    lua_setfield(state, -2, "__tostring");
    lua_pop(state, 1);
}
