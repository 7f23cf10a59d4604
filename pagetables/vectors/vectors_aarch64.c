/* AArch64: what AT instructions at EL2 and fetches at EL0 and EL1 do. Registers are cited by name: Arm ARM,
 * DDI 0487, issue L.b, part D. */
#include <inttypes.h>
#include <string.h>

#include "pagetables/vectors/aarch64_core.h"

/* ---- Address translation instructions ---- */

static const struct operation {
    const char *name;
    enum privilege privilege;
    enum access_kind kind;
    bool both_stages;
    bool pan;
} operations[] = {
    {"s1e1r", PRIVILEGE_KERNEL, ACCESS_LOAD, false, false},
    {"s1e1w", PRIVILEGE_KERNEL, ACCESS_STORE, false, false},
    {"s1e0r", PRIVILEGE_USER, ACCESS_LOAD, false, false},
    {"s1e0w", PRIVILEGE_USER, ACCESS_STORE, false, false},
    {"s1e1rp/pan0", PRIVILEGE_KERNEL, ACCESS_LOAD, false, false},
    {"s1e1wp/pan0", PRIVILEGE_KERNEL, ACCESS_STORE, false, false},
    {"s1e1rp/pan1", PRIVILEGE_KERNEL, ACCESS_LOAD, false, true},
    {"s1e1wp/pan1", PRIVILEGE_KERNEL, ACCESS_STORE, false, true},
    {"s12e1r", PRIVILEGE_KERNEL, ACCESS_LOAD, true, false},
    {"s12e1w", PRIVILEGE_KERNEL, ACCESS_STORE, true, false},
    {"s12e0r", PRIVILEGE_USER, ACCESS_LOAD, true, false},
    {"s12e0w", PRIVILEGE_USER, ACCESS_STORE, true, false},
};

#define OPERATIONS (sizeof operations / sizeof *operations)

static const struct operation *find_operation(const char *name)
{
    for (size_t i = 0; i < OPERATIONS; i++)
        if (strcmp(operations[i].name, name) == 0)
            return &operations[i];
    return NULL;
}

/* ESR_ELx: a data abort taken without a change of Exception level, IL; of ISS, CM and WnR, which AT
 * instructions set. */
#define ESR_ABORT_OF_AT (UINT64_C(0x25) << 26 | UINT64_C(1) << 25 | UINT64_C(1) << 8 | UINT64_C(1) << 6)
#define ISS_S1PTW       (UINT64_C(1) << 7)

/* An AT whose walk meets an external abort takes it as an exception: there is a syndrome instead of a result
 * in PAR_EL1 (D8.12.5, synchronous external aborts on translation table walks of AT instructions). */
static void say_abort(struct vectors_answer *answer, const struct aarch64_outcome *outcome, unsigned status)
{
    uint64_t on_table = outcome->cause.on_table ? ISS_S1PTW : 0;
    vectors_say(answer, "result", "extabort");
    vectors_say(answer, "fst", "%02x", status);
    vectors_say(answer, "par", "%" PRIx64, ESR_ABORT_OF_AT | on_table | status);
}

static void say_result(struct vectors_answer *answer, const struct aarch64_outcome *outcome, unsigned status)
{
    bool stage2 = outcome->cause.stage == 2;
    vectors_say(answer, "result", "fault");
    vectors_say(answer, "fst", "%02x", status);
    vectors_say(answer, "ptw", "%d", outcome->cause.on_table);
    vectors_say(answer, "stage2", "%d", stage2);
    vectors_say(answer, "par", "%" PRIx64, vmsa_par_of_fault(status, stage2, outcome->cause.on_table));
}

#define WHY_TABLE_LEVEL                                                                                      \
    "stage 2 fault on a table of stage 1: the row's status code has the level of stage 1's lookup, where "   \
    "the manual's has that of stage 2's"

/*
 * ESR_ELx.IFSC and DFSC: the level is that of the stage at fault (J1.1.5, AArch64.S1Walk: the fault of
 * AArch64.S2Translate is reported as it is). QEMU 7.2 puts the level of stage 1's lookup there; a row that
 * has exactly this is left open.
 */
static bool has_level_of_stage1(const struct vectors_row *row, const struct aarch64_outcome *outcome,
                                unsigned status)
{
    return outcome->cause.on_table && outcome->table_level != outcome->cause.level &&
           vectors_hex(row, "fst") == status - outcome->cause.level + outcome->table_level;
}

static void say_fault(const struct vectors_row *row, struct vectors_answer *answer,
                      const struct aarch64_outcome *outcome)
{
    unsigned status = aarch64_report(outcome).status;
    if (outcome->cause.kind == FAULT_EXTERNAL_ABORT)
        say_abort(answer, outcome, status);
    else
        say_result(answer, outcome, status);
    if (has_level_of_stage1(row, outcome, status)) {
        vectors_leave_open(answer, "fst", WHY_TABLE_LEVEL);
        vectors_leave_open(answer, "par", WHY_TABLE_LEVEL);
    }
}

#define WHY_NO_DESCRIPTOR                                                                                    \
    "no stage translates: PAR_EL1.SH would be 0b10, as for all Device memory, and the row has 0b00"

static void say_address(const struct vectors_row *row, struct vectors_answer *answer,
                        const struct aarch64_outcome *outcome)
{
    vectors_say(answer, "result", "ok");
    vectors_say(answer, "pa_page", "%" PRIx64, outcome->pa & ~UINT64_C(0xfff));
    vectors_say(answer, "sh", "%u", outcome->memory.shareability);
    vectors_say(answer, "attr", "%02x", outcome->memory.attributes);
    vectors_say(answer, "par", "%" PRIx64, vmsa_par_of_address(outcome->pa, outcome->memory));
    if (outcome->flat && strcmp(vectors_text(row, "sh"), "0") == 0) {
        vectors_leave_open(answer, "sh", WHY_NO_DESCRIPTOR);
        vectors_leave_open(answer, "par", WHY_NO_DESCRIPTOR);
    }
}

static bool replay(const struct vectors_row *row, struct vectors_image *image, struct vectors_answer *answer,
                   const char **why)
{
    const struct operation *operation = find_operation(vectors_text(row, "op"));
    struct aarch64_outcome outcome;
    if (operation == NULL) {
        vectors_unknown_text(row, "op", "an AT instruction of EL1 and EL0, as s1e1r, s1e1rp/pan0 or s12e0w,");
        return false;
    }
    const struct aarch64_access access = {.va = vectors_hex(row, "va"),
                                          .privilege = operation->privilege,
                                          .kind = operation->kind,
                                          .pan = operation->pan,
                                          .stage1_alone = !operation->both_stages};
    if (!aarch64_translate(image, &access, answer, &outcome, why))
        return false;
    if (outcome.fault)
        say_fault(row, answer, &outcome);
    else
        say_address(row, answer, &outcome);
    return true;
}

static const char *const asks[] = {"op", "va", NULL};
static const char *const answers[] = {"result", "pa_page", "fst", "ptw",         "stage2",
                                      "sh",     "attr",    "par", "desc_writes", NULL};

const struct vectors_kind vectors_aarch64 = {"aarch64-at", asks, answers, replay};

/* ---- Fetches ---- */

/*
 * Every page that can be fetched holds one instruction, SVC with the low 16 bits of its page number: the
 * exception tells which page it was. ESR_EL1: EC 0x15, IL, and the immediate as ISS; FAR_EL1 is left as it
 * was, which is 0; ELR_EL1 is the next instruction.
 */
static void say_svc(struct vectors_answer *answer, const struct aarch64_outcome *outcome)
{
    uint64_t code = UINT64_C(0x15) << 26 | UINT64_C(1) << 25 | (outcome->pa >> 12 & 0xffff);
    vectors_say(answer, "result", "ok");
    vectors_say(answer, "pa_page", "%" PRIx64, outcome->pa & ~UINT64_C(0xfff));
    vectors_say(answer, "ec", "15");
    vectors_say(answer, "esr_el1", "%" PRIx64, code);
    vectors_say(answer, "far_el1", "0");
    vectors_say(answer, "elr_el1", "%" PRIx64, outcome->va + 4);
}

static void say_instruction_abort(struct vectors_answer *answer, const struct aarch64_outcome *outcome)
{
    const struct fault_report report = aarch64_report(outcome);
    vectors_say(answer, "result", "fault");
    vectors_say(answer, "ec", "%02x", report.vector);
    vectors_say(answer, "fsc", "%02x", report.status);
    vectors_say(answer, "esr_el1", "%" PRIx64, report.code);
    vectors_say(answer, "far_el1", "%" PRIx64, report.address);
    vectors_say(answer, "elr_el1", "%" PRIx64, outcome->va);
}

/* What an image does not say, although the fetch was translated or refused. */
static const char *unsupported_fetch(const struct aarch64_outcome *outcome)
{
    if (outcome->fault)
        return outcome->cause.stage == 2
                   ? "a fault of stage 2 is told in ESR_EL2, which there is no column for"
                   : NULL;
    bool in_ram = outcome->pa >= AARCH64_RAM_BASE && outcome->pa < AARCH64_RAM_END;
    return in_ram ? NULL : "an instruction is fetched from where there is no memory";
}

static bool replay_fetch(const struct vectors_row *row, struct vectors_image *image,
                         struct vectors_answer *answer, const char **why)
{
    const char *level = vectors_text(row, "el");
    bool user = strcmp(level, "el0") == 0;
    struct aarch64_outcome outcome;
    if (!user && strcmp(level, "el1") != 0)
        vectors_unknown_text(row, "el", "el0 or el1");
    const struct aarch64_access access = {.va = vectors_hex(row, "va"),
                                          .privilege = user ? PRIVILEGE_USER : PRIVILEGE_KERNEL,
                                          .kind = ACCESS_FETCH};
    if (!aarch64_translate(image, &access, answer, &outcome, why))
        return false;
    *why = unsupported_fetch(&outcome);
    if (*why != NULL)
        return false;
    if (outcome.fault)
        say_instruction_abort(answer, &outcome);
    else
        say_svc(answer, &outcome);
    return true;
}

static const char *const fetch_asks[] = {"el", "va", NULL};
static const char *const fetch_answers[] = {"result",  "pa_page", "ec",          "fsc", "esr_el1",
                                            "far_el1", "elr_el1", "desc_writes", NULL};

const struct vectors_kind vectors_aarch64_fetch = {"aarch64-fetch", fetch_asks, fetch_answers, replay_fetch};
