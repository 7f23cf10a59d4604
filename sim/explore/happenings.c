#include "sim/explore/happenings.h"

#include <string.h>

#include "sim/explore/exploration_internal.h"

struct telling {
    struct exploration *exploration;
    const struct happening_visitor *visitor;
    struct small_state state;
    struct explored explored;
};

/* ---- what a program's step is ---------------------------------------------------------------------- */

static uint64_t lowest_new_unit(uint64_t before, uint64_t after, uint64_t base)
{
    uint64_t units = after & ~before;
    return units == 0 ? 0 : base + (uint64_t)__builtin_ctzll(units) * 4096;
}

static void note_operation(const struct telling *telling, const struct small_state *before,
                           uint64_t allocated_before, struct happening *what)
{
    struct exploration *exploration = telling->exploration;
    uint32_t node = before->cores[what->core].front[FRONT_OPERATION] - 1;
    what->call = operation_tree_call_of(exploration->tree, node);
    what->kind = what->operation->kind == REQUEST_RETURN ? HAPPENING_RETURNED : HAPPENING_ASKED;
    if (what->operation->kind == REQUEST_READ || what->operation->kind == REQUEST_COMPARE_EXCHANGE)
        what->value = small_value_of(exploration->machine, small_core_reads(exploration->machine, before,
                                                                            what->core, what->operation->pa));
    if (what->operation->kind == REQUEST_ALLOCATE)
        what->value =
            lowest_new_unit(allocated_before, telling->explored.allocated, exploration->config.tables_base);
}

static void note_access(const struct telling *telling, const struct small_state *before,
                        struct happening *what)
{
    const struct small_machine *machine = telling->exploration->machine;
    const struct small_access *access = &before->cores[what->core].accesses[0];
    if (access->state == ACCESS_NONE) {
        what->kind = HAPPENING_ISSUED;
    } else if (access->state == ACCESS_FAULTED) {
        what->kind = HAPPENING_FAULTED;
        what->fault = access->fault;
        what->fault_level = access->level;
    } else {
        what->kind = HAPPENING_PERFORMED;
        what->pa = small_pa(machine, access);
        if (access->kind == ACCESS_LOAD)
            what->value = small_value_of(
                machine, small_core_reads(machine, before, what->core, what->pa & ~UINT64_C(7)));
    }
}

static void note_program(const struct telling *telling, const struct small_state *before,
                         uint64_t allocated_before, struct happening *what)
{
    const struct exploration_next next = exploration_next(telling->exploration, before, what->core);
    const struct small_machine *machine = telling->exploration->machine;
    what->program = next.program;
    what->operation = next.operation;
    what->kind = HAPPENING_OWN;
    if (next.operation) {
        note_operation(telling, before, allocated_before, what);
    } else if (next.program->kind == PROGRAM_ACCESS) {
        note_access(telling, before, what);
    } else if (next.program->kind == PROGRAM_CALL) {
        what->kind = HAPPENING_CALLED;
        what->call = &next.program->call;
    } else if (next.program->kind == PROGRAM_READ || next.program->kind == PROGRAM_COMPARE_EXCHANGE) {
        what->value =
            small_value_of(machine, small_core_reads(machine, before, what->core, next.program->pa));
    }
}

/* One step of a program, seen or not. False: it waits. */
static bool program_moves(struct telling *telling, unsigned core, unsigned way, uint32_t *finding)
{
    const struct small_state before = telling->state;
    const struct explored explored = telling->explored;
    struct happening what = {
        .core = core, .label = {STEP_PROGRAM, (uint8_t)core, 0, (uint8_t)way}, .before = &before};
    if (!program_step(telling->exploration, &telling->state, &telling->explored, core, way, finding)) {
        telling->state = before;
        telling->explored = explored;
        return false;
    }
    note_program(telling, &before, explored.allocated, &what);
    what.after = &telling->state;
    telling->visitor->happens(telling->visitor->context, &what);
    return true;
}

/* ---- what hardware does ---------------------------------------------------------------------------- */

struct wanted {
    struct small_label label;
    struct small_state *next;
    bool found;
};

static bool take_wanted(void *context, struct small_label label, struct small_state *next)
{
    struct wanted *wanted = context;
    if (memcmp(&label, &wanted->label, sizeof label) != 0)
        return true;
    *wanted->next = *next;
    wanted->found = true;
    return false;
}

static void hardware_moves(struct telling *telling, struct small_label label)
{
    const struct small_state before = telling->state;
    struct wanted wanted = {label, &telling->state, false};
    const struct small_visitor visitor = {take_wanted, &wanted};
    const struct happening what = {.kind = HAPPENING_HARDWARE,
                                   .core = label.core,
                                   .label = label,
                                   .before = &before,
                                   .after = &telling->state};
    (void)small_steps(telling->exploration->machine, &before, &visitor);
    if (wanted.found)
        telling->visitor->happens(telling->visitor->context, &what);
}

/* ---- all of it -------------------------------------------------------------------------------------- */

/* What a core's program does by itself, as programs_follow does it. */
static bool follows(const struct telling *telling, unsigned core)
{
    return program_ways(telling->exploration, &telling->state, core) == 0 &&
           !program_has_ended(telling->exploration, &telling->state, core);
}

static void tell_following(struct telling *telling)
{
    bool moved = true;
    while (moved) {
        moved = false;
        for (unsigned core = 0; core < telling->exploration->config.machine.cores; core++) {
            uint32_t finding = 0;
            while (follows(telling, core) && program_moves(telling, core, 0, &finding)) {
                moved = true;
                if (finding != 0)
                    return;
                (void)rules_close(telling->exploration->rules, &telling->explored.rules, &telling->state);
            }
        }
    }
}

void happenings_visit(struct exploration *exploration, const void *from, uint32_t packed,
                      const struct happening_visitor *visitor)
{
    const struct small_label label = exploration_label(packed);
    struct telling telling = {.exploration = exploration, .visitor = visitor};
    uint32_t finding = 0;
    exploration_unpack(exploration, from, &telling.state, &telling.explored);
    if (label.step == STEP_PROGRAM)
        (void)program_moves(&telling, label.core, label.detail, &finding);
    else
        hardware_moves(&telling, label);
    if (finding == 0)
        tell_following(&telling);
}
