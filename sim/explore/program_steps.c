/*
 * What programs do: their own accesses and barriers, and the requests of the page-table code that they call.
 *
 * A step that others can see (a word is read, a store enters the buffer or memory, a call begins) is a
 * transition of its own. The others follow by themselves, as early as they can: to send an invalidation later
 * is the same as to let it arrive later, and a barrier that lets its core pass keeps nobody from anything. A
 * return as early as possible is the strictest one, since windows end with it.
 */
#include <assert.h>

#include "sim/explore/stepper.h"

#define TABLE_UNIT_BYTES UINT64_C(4096)

static const struct program_request *program_request(const struct exploration *exploration,
                                                     const struct small_state *state, unsigned core)
{
    const struct program_source *programs = exploration->config.programs;
    return programs->request(programs->context, core, state->cores[core].front[FRONT_PROGRAM]);
}

static const struct operation_request *operation_request(const struct exploration *exploration,
                                                         const struct small_state *state, unsigned core)
{
    uint32_t node = state->cores[core].front[FRONT_OPERATION];
    return node == 0 ? NULL : operation_tree_request(exploration->tree, node - 1);
}

struct exploration_next exploration_next(const struct exploration *exploration,
                                         const struct small_state *state, unsigned core)
{
    return (struct exploration_next){.program = program_request(exploration, state, core),
                                     .operation = operation_request(exploration, state, core)};
}

static enum went resume_program(struct stepper *stepper, const struct program_answer *answer)
{
    const struct program_source *programs = stepper->exploration->config.programs;
    uint32_t *node = &core_of(stepper)->front[FRONT_PROGRAM];
    uint32_t next = programs->resume(programs->context, stepper->core, *node, answer);
    if (next == PROGRAM_NONE) {
        (void)exploration_fail(stepper->exploration, programs->error(programs->context));
        return FAILED;
    }
    *node = next;
    return WENT;
}

/* ---- page-table code ------------------------------------------------------------------------------ */

static uint64_t units_of(uint64_t pa, uint64_t size_bytes, uint64_t base)
{
    uint64_t count = (size_bytes + TABLE_UNIT_BYTES - 1) / TABLE_UNIT_BYTES;
    uint64_t first = (pa - base) / TABLE_UNIT_BYTES;
    return (count < 64 ? (UINT64_C(1) << count) - 1 : UINT64_MAX) << first;
}

/* Zeroed while nobody looks; stores to it that still wait come first. */
static enum went clear(struct stepper *stepper, uint64_t pa, uint64_t size_bytes)
{
    for (unsigned word = 1; word <= small_words(stepper->machine); word++) {
        uint64_t at = small_pa_of(stepper->machine, (uint8_t)word);
        if (at < pa || at - pa >= size_bytes)
            continue;
        if (small_core_has_store(stepper->machine, stepper->state, stepper->core, at))
            return WAITS;
        if (step_changes_word(stepper, at, 0) != WENT)
            return FAILED;
    }
    return WENT;
}

static enum went allocate(struct stepper *stepper, uint64_t size_bytes, struct operation_answer *answer)
{
    const uint64_t base = stepper->exploration->config.tables_base;
    uint64_t block_bytes = size_bytes < TABLE_UNIT_BYTES ? TABLE_UNIT_BYTES : size_bytes;
    const unsigned told = stepper->exploration->config.table_units;
    const uint64_t end = base + (told ? told : EXPLORATION_TABLE_UNITS) * TABLE_UNIT_BYTES;
    for (uint64_t pa = base; pa + block_bytes <= end; pa += block_bytes) {
        uint64_t units = units_of(pa, block_bytes, base);
        if (stepper->explored->allocated & units)
            continue;
        enum went went = clear(stepper, pa, block_bytes);
        if (went == WENT)
            stepper->explored->allocated |= units;
        answer->value = pa;
        return went;
    }
    answer->error = ENVIRONMENT_NO_MEMORY;
    return WENT;
}

static enum went release(struct stepper *stepper, uint64_t pa, uint64_t size_bytes,
                         struct operation_answer *answer)
{
    const uint64_t base = stepper->exploration->config.tables_base;
    bool outside = pa < base || pa - base >= EXPLORATION_TABLE_UNITS * TABLE_UNIT_BYTES;
    uint64_t units = outside ? 0 : units_of(pa, size_bytes, base);
    if (outside || (stepper->explored->allocated & units) != units)
        answer->error = ENVIRONMENT_BAD_ADDRESS;
    else
        stepper->explored->allocated &= ~units;
    return WENT;
}

static enum went take_lock(struct stepper *stepper, uint64_t pa)
{
    if (core_of(stepper)->store_count > 0 || small_memory_at(stepper->machine, stepper->state, pa) != 0)
        return WAITS;
    return small_poke(stepper->machine, stepper->state, pa, 1) ? WENT : FAILED;
}

static enum went give_lock(struct stepper *stepper, uint64_t pa)
{
    /* the lock's own words are no part of the operation: its window does not wait for them */
    const struct small_new_store store = {.pa = pa};
    if (stepper->untimed)
        return small_poke(stepper->machine, stepper->state, pa, 0) ? WENT : FAILED;
    if (!small_has_room(stepper->machine, stepper->state, stepper->core))
        return WAITS;
    small_order_stores(stepper->machine, stepper->state, stepper->core);
    return small_put_store(stepper->machine, stepper->state, stepper->core, &store) ? WENT : FAILED;
}

static enum went answer_operation(struct stepper *stepper, const struct operation_request *request,
                                  struct operation_answer *answer)
{
    bool addressed = request->kind <= REQUEST_COMPARE_EXCHANGE || request->kind >= REQUEST_LOCK;
    if (addressed && step_is_beyond_memory(stepper, request->pa)) {
        answer->error = ENVIRONMENT_BAD_ADDRESS;
        return WENT;
    }
    switch (request->kind) {
    case REQUEST_READ:
        answer->value = small_value_of(
            stepper->machine, small_core_reads(stepper->machine, stepper->state, stepper->core, request->pa));
        return WENT;
    case REQUEST_WRITE:
        return step_writes_word(stepper, request->pa, request->value);
    case REQUEST_COMPARE_EXCHANGE:
        return step_exchanges_word(stepper, request->pa, request->expected, request->value, &answer->value);
    case REQUEST_ALLOCATE:
        return allocate(stepper, request->size_bytes, answer);
    case REQUEST_RELEASE:
        return release(stepper, request->pa, request->size_bytes, answer);
    case REQUEST_BARRIER:
        return step_at_barrier(stepper, request->barrier);
    case REQUEST_INVALIDATE:
        return step_invalidates(stepper, &request->invalidation);
    case REQUEST_COMPLETE: /* as a DSB ISH completes invalidations */
        if (!small_is_complete(stepper->state, stepper->core, false))
            return WAITS;
        protocol_sees_barrier(stepper->exploration, stepper->explored, stepper->core, BARRIER_DSB_ISH);
        return WENT;
    case REQUEST_LOCK:
        return take_lock(stepper, request->pa);
    default:
        assert(request->kind == REQUEST_UNLOCK);
        return give_lock(stepper, request->pa);
    }
}

static enum went operation_returns(struct stepper *stepper, const struct operation_request *request)
{
    const struct program_answer answer = {.result = request->result, .found = request->found};
    uint32_t node = core_of(stepper)->front[FRONT_OPERATION] - 1;
    stepper->exploration->subject =
        (struct finding_subject){.core = (uint8_t)stepper->core,
                                 .call = operation_tree_call_of(stepper->exploration->tree, node),
                                 .returned = request};
    stepper->finding =
        rules_returned(stepper->exploration->rules, &stepper->explored->rules, stepper->core, request);
    core_of(stepper)->front[FRONT_OPERATION] = 0;
    return stepper->untimed ? WENT : resume_program(stepper, &answer);
}

static bool is_unseen_request(const struct operation_request *request)
{
    return request->kind == REQUEST_RETURN || request->kind == REQUEST_BARRIER ||
           request->kind == REQUEST_COMPLETE || request->kind == REQUEST_INVALIDATE;
}

static enum went note_node(struct stepper *stepper, uint32_t node)
{
    struct operation_tree *tree = stepper->exploration->tree;
    if (node == OPERATION_TREE_NONE) {
        (void)exploration_fail(stepper->exploration, operation_tree_error(tree));
        return FAILED;
    }
    core_of(stepper)->front[FRONT_OPERATION] = node + 1;
    stepper->explored->block = operation_tree_block(tree, node);
    return WENT;
}

static enum went operation_step(struct stepper *stepper, const struct operation_request *request)
{
    struct operation_answer answer = {0};
    if (request->kind == REQUEST_RETURN)
        return operation_returns(stepper, request);
    enum went went = answer_operation(stepper, request, &answer);
    if (went != WENT)
        return went;
    uint32_t node = core_of(stepper)->front[FRONT_OPERATION] - 1;
    return note_node(
        stepper, operation_tree_resume(stepper->exploration->tree, node, &answer, stepper->explored->block));
}

static enum went call(struct stepper *stepper, const struct operation_call *asked)
{
    struct exploration *exploration = stepper->exploration;
    struct operation_call call = *asked;
    if (!rules_may_call(&stepper->explored->rules, stepper->core))
        return WAITS;
    if (call.kind == CALL_MAP)
        call.frame_in_use =
            rules_frame_in_use(exploration->rules, &stepper->explored->rules, call.va, &call.frame);
    uint32_t number = operation_tree_call(exploration->tree, &call);
    if (number == OPERATION_TREE_NONE) {
        (void)exploration_fail(exploration, operation_tree_error(exploration->tree));
        return FAILED;
    }
    if (call.kind <= CALL_QUERY)
        rules_called(exploration->rules, &stepper->explored->rules, stepper->core, number);
    return note_node(stepper, operation_tree_begin(exploration->tree, number, stepper->explored->block));
}

/* ---- a program's own requests --------------------------------------------------------------------- */

static enum went load(struct stepper *stepper, const struct small_access *access,
                      struct program_answer *answer)
{
    uint64_t pa = small_pa(stepper->machine, access);
    answer->value = small_value_of(stepper->machine,
                                   small_core_reads(stepper->machine, stepper->state, stepper->core, pa));
    return WENT;
}

static enum went store(struct stepper *stepper, const struct small_access *access, uint64_t value)
{
    const struct small_new_store store = {.pa = small_pa(stepper->machine, access),
                                          .value = value,
                                          .va = small_va_of(stepper->machine, access->address),
                                          .leaf = access->leaf,
                                          .settle = access->settle,
                                          .tag = access->privilege};
    if (!small_has_room(stepper->machine, stepper->state, stepper->core))
        return WAITS;
    return small_put_store(stepper->machine, stepper->state, stepper->core, &store) ? WENT : FAILED;
}

/* A store is judged when it leaves the buffer. */
static bool is_judged_now(const struct stepper *stepper, const struct small_access *access)
{
    return access->kind != ACCESS_STORE || stepper->exploration->config.machine.store_buffer == 0;
}

static enum went perform(struct stepper *stepper, const struct program_request *request)
{
    struct small_access access = core_of(stepper)->accesses[0];
    struct program_answer answer = {0};
    enum went went = WENT;
    stepper->exploration->subject =
        (struct finding_subject){.leaf = access.leaf,
                                 .core = (uint8_t)stepper->core,
                                 .kind = access.kind,
                                 .va = small_va_of(stepper->machine, access.address)};
    if (is_judged_now(stepper, &access))
        stepper->finding =
            rules_judge_access(stepper->exploration->rules, &stepper->explored->rules, access.leaf,
                               (enum access_kind)access.kind, (enum privilege)access.privilege);
    if (access.kind == ACCESS_LOAD)
        went = load(stepper, &access, &answer);
    else if (access.kind == ACCESS_STORE)
        went = store(stepper, &access, request->value);
    if (went != WENT)
        return went;
    small_retire(stepper->state, stepper->core, 0);
    return resume_program(stepper, &answer);
}

static enum went take_fault(struct stepper *stepper)
{
    struct small_access access = core_of(stepper)->accesses[0];
    const struct program_answer answer = {.fault = access.fault, .fault_level = access.level};
    bool aborts = access.fault == FAULT_ADDRESS_SIZE || access.fault == FAULT_EXTERNAL_ABORT;
    stepper->exploration->subject =
        (struct finding_subject){.core = (uint8_t)stepper->core,
                                 .kind = access.kind,
                                 .fault = access.fault,
                                 .va = small_va_of(stepper->machine, access.address)};
    if (access.tag)
        stepper->finding = FINDING(aborts ? RULE_UNEXPECTED_ABORT : RULE_SPURIOUS_FAULT);
    small_retire(stepper->state, stepper->core, 0);
    return resume_program(stepper, &answer);
}

static enum went access_step(struct stepper *stepper, const struct program_request *request)
{
    switch (core_of(stepper)->accesses[0].state) {
    case ACCESS_NONE:
        return small_issue(stepper->machine, stepper->state, stepper->core, 0, request->access,
                           request->privilege, request->va)
                   ? WENT
                   : FAILED;
    case ACCESS_TRANSLATED:
        return perform(stepper, request);
    case ACCESS_FAULTED:
        return take_fault(stepper);
    default:
        return WAITS;
    }
}

static enum went own_step(struct stepper *stepper, const struct program_request *request,
                          struct program_answer *answer)
{
    switch (request->kind) {
    case PROGRAM_READ:
        answer->value = small_value_of(
            stepper->machine, small_core_reads(stepper->machine, stepper->state, stepper->core, request->pa));
        return WENT;
    case PROGRAM_WRITE:
        return step_writes_word(stepper, request->pa, request->value);
    case PROGRAM_COMPARE_EXCHANGE:
        return step_exchanges_word(stepper, request->pa, request->expected, request->value, &answer->value);
    case PROGRAM_BARRIER:
        return step_at_barrier(stepper, request->barrier);
    case PROGRAM_INVALIDATE:
        return step_invalidates(stepper, &request->invalidation);
    case PROGRAM_SWITCH:
        core_of(stepper)->context = (uint8_t)request->value;
        return WENT;
    case PROGRAM_CHOOSE:
        answer->value = stepper->way;
        return WENT;
    default:
        return WAITS;
    }
}

static enum went program_goes_on(struct stepper *stepper, const struct program_request *request)
{
    struct program_answer answer = {0};
    if (request->kind == PROGRAM_ACCESS)
        return access_step(stepper, request);
    if (request->kind == PROGRAM_CALL)
        return call(stepper, &request->call);
    enum went went = own_step(stepper, request, &answer);
    return went == WENT ? resume_program(stepper, &answer) : went;
}

/* Nobody else sees it, now or later. */
static bool is_unseen_step(const struct exploration *exploration, const struct small_core *core,
                           const struct program_request *request)
{
    const struct small_access *access = &core->accesses[0];
    bool buffered = request->access == ACCESS_STORE && exploration->config.machine.store_buffer > 0;
    switch (request->kind) {
    case PROGRAM_ACCESS:
        return access->state == ACCESS_NONE || access->state == ACCESS_FAULTED ||
               (access->state == ACCESS_TRANSLATED && buffered);
    case PROGRAM_BARRIER:
    case PROGRAM_INVALIDATE:
        return true;
    default:
        return false;
    }
}

/* ---- for the exploration -------------------------------------------------------------------------- */

bool program_has_ended(const struct exploration *exploration, const struct small_state *state, unsigned core)
{
    return program_request(exploration, state, core)->kind == PROGRAM_END;
}

unsigned program_ways(const struct exploration *exploration, const struct small_state *state, unsigned core)
{
    const struct operation_request *operation = operation_request(exploration, state, core);
    const struct program_request *request = program_request(exploration, state, core);
    if (operation)
        return !is_unseen_request(operation);
    if (request->kind == PROGRAM_CHOOSE)
        return (unsigned)request->value;
    return request->kind != PROGRAM_END && !is_unseen_step(exploration, &state->cores[core], request);
}

static enum went go_on(struct stepper *stepper)
{
    const struct operation_request *operation =
        operation_request(stepper->exploration, stepper->state, stepper->core);
    if (operation)
        return operation_step(stepper, operation);
    return program_goes_on(stepper, program_request(stepper->exploration, stepper->state, stepper->core));
}

bool program_step(struct exploration *exploration, struct small_state *state, struct explored *explored,
                  unsigned core, unsigned way, uint32_t *finding)
{
    struct stepper stepper = {.exploration = exploration,
                              .machine = exploration->machine,
                              .state = state,
                              .explored = explored,
                              .core = core,
                              .way = way};
    enum went went = go_on(&stepper);
    *finding = stepper.finding;
    return went == WENT;
}

static bool follows(struct stepper *stepper)
{
    const struct exploration *exploration = stepper->exploration;
    const struct operation_request *operation = operation_request(exploration, stepper->state, stepper->core);
    const struct program_request *request = program_request(exploration, stepper->state, stepper->core);
    bool unseen =
        operation ? is_unseen_request(operation) : is_unseen_step(exploration, core_of(stepper), request);
    return unseen && go_on(stepper) == WENT;
}

uint32_t programs_follow(struct exploration *exploration, struct small_state *state,
                         struct explored *explored)
{
    bool moved = true;
    /* what a window waits for is known before the next invalidation may take its place */
    (void)rules_close(exploration->rules, &explored->rules, state);
    while (moved) {
        moved = false;
        for (unsigned core = 0; core < exploration->config.machine.cores; core++) {
            struct stepper stepper = {.exploration = exploration,
                                      .machine = exploration->machine,
                                      .state = state,
                                      .explored = explored,
                                      .core = core};
            while (follows(&stepper)) {
                moved = true;
                if (stepper.finding != 0)
                    return stepper.finding;
                (void)rules_close(exploration->rules, &explored->rules, state);
            }
        }
    }
    return 0;
}

/* ---- before anything else ------------------------------------------------------------------------- */

static bool run_untimed(struct exploration *exploration, struct small_state *state, struct explored *explored,
                        const struct operation_call *what, enum pagetable_result *result)
{
    struct stepper stepper = {.exploration = exploration,
                              .machine = exploration->machine,
                              .state = state,
                              .explored = explored,
                              .untimed = true};
    if (call(&stepper, what) != WENT)
        return exploration_fail(exploration, "an operation before the programs cannot begin");
    for (;;) {
        const struct operation_request *request = operation_request(exploration, state, 0);
        if (request->kind == REQUEST_RETURN) {
            *result = request->result;
            break;
        }
        if (operation_step(&stepper, request) != WENT)
            return exploration_fail(exploration, "an operation before the programs waits for ever");
    }
    if (what->kind <= CALL_QUERY)
        (void)operation_returns(&stepper, operation_request(exploration, state, 0));
    state->cores[0].front[FRONT_OPERATION] = 0;
    (void)rules_close(exploration->rules, &explored->rules, state);
    if (stepper.finding != 0)
        return exploration_fail(exploration,
                                "an operation before the programs answers otherwise than specified");
    return true;
}

bool programs_make_table(struct exploration *exploration, struct small_state *state,
                         struct explored *explored)
{
    const struct operation_call create = {.kind = CALL_CREATE};
    enum pagetable_result result;
    explored->block = OPERATION_TREE_ZERO_BLOCK;
    if (!run_untimed(exploration, state, explored, &create, &result))
        return false;
    return result == PAGETABLE_OK ||
           exploration_fail(exploration, "the page table cannot be made: it refuses this configuration");
}

bool programs_do_before(struct exploration *exploration, struct small_state *state, struct explored *explored,
                        const struct operation_call *call)
{
    enum pagetable_result result = PAGETABLE_OK;
    return run_untimed(exploration, state, explored, call, &result) &&
           (result == PAGETABLE_OK ||
            exploration_fail(exploration, "an operation before the programs fails"));
}
