/* A test as a model of the search: its states, and every step from each. */
#include "sim/litmus/machine.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/litmus/thread.h"

#define RULE_REACHED 1U

/* What belongs to no core. */
struct shared_part {
    uint8_t memory[SMALL_WORDS];
    struct small_invalidation invalidations[SMALL_INVALIDATIONS];
};

struct core_part {
    struct small_core core;
    struct litmus_thread_state thread;
};

/* A state of the search: numbers of its parts. */
struct numbers {
    uint32_t shared;
    uint32_t core[LITMUS_THREADS];
};

/* One exploration. */
struct exploring {
    struct litmus_machine machine;
    struct search *search;
    const struct litmus_state *from; /* that is expanded; NULL at the beginning */
    struct numbers from_numbers;
    const struct numbers *wanted; /* for a story: the step with this label to this state */
    uint32_t wanted_label;
    struct litmus_state found;
    struct litmus_events found_events;
    bool is_found;
};

bool litmus_refuse(struct litmus_machine *machine, const char *format, ...)
{
    va_list arguments;
    if (machine->refused[0] != '\0')
        return false;
    va_start(arguments, format);
    (void)vsnprintf(machine->refused, sizeof machine->refused, format, arguments);
    va_end(arguments);
    return false;
}

void litmus_note(struct litmus_machine *machine, const char *format, ...)
{
    struct litmus_events *events = machine->events;
    va_list arguments;
    if (events == NULL || events->count == LITMUS_EVENT_LINES)
        return;
    va_start(arguments, format);
    (void)vsnprintf(events->line[events->count++], LITMUS_TEXT_LINE, format, arguments);
    va_end(arguments);
}

/* ---- States as numbers ---- */

static uint32_t pack_shared(struct litmus_machine *machine, const struct small_state *state,
                            const struct small_state *before, const struct numbers *known)
{
    struct shared_part shared;
    if (before != NULL && memcmp(before->memory, state->memory, sizeof state->memory) == 0 &&
        memcmp(before->invalidations, state->invalidations, sizeof state->invalidations) == 0)
        return known->shared;
    memcpy(shared.memory, state->memory, sizeof shared.memory);
    memcpy(shared.invalidations, state->invalidations, sizeof shared.invalidations);
    return intern_add(machine->shared, &shared, sizeof shared);
}

/* `before` is the state that a step began from, and `known` its numbers: most parts are as they were. */
static bool pack(struct litmus_machine *machine, const struct litmus_state *state,
                 const struct litmus_state *before, const struct numbers *known, struct numbers *numbers)
{
    memset(numbers, 0, sizeof *numbers);
    numbers->shared =
        pack_shared(machine, &state->hardware, before != NULL ? &before->hardware : NULL, known);
    bool fine = numbers->shared != INTERN_NONE;
    for (unsigned i = 0; fine && i < machine->test->threads; i++) {
        struct core_part part;
        if (before != NULL &&
            memcmp(&before->hardware.cores[i], &state->hardware.cores[i], sizeof before->hardware.cores[i]) ==
                0 &&
            memcmp(&before->threads[i], &state->threads[i], sizeof before->threads[i]) == 0) {
            numbers->core[i] = known->core[i];
            continue;
        }
        memset(&part, 0, sizeof part);
        part.core = state->hardware.cores[i];
        part.thread = state->threads[i];
        numbers->core[i] = intern_add(machine->parts, &part, sizeof part);
        fine = numbers->core[i] != INTERN_NONE;
    }
    return fine;
}

static void unpack(const struct litmus_machine *machine, const struct numbers *numbers,
                   struct litmus_state *state)
{
    struct shared_part shared;
    memset(state, 0, sizeof *state);
    memcpy(&shared, intern_bytes(machine->shared, numbers->shared, NULL), sizeof shared);
    memcpy(state->hardware.memory, shared.memory, sizeof shared.memory);
    memcpy(state->hardware.invalidations, shared.invalidations, sizeof shared.invalidations);
    for (unsigned i = 0; i < machine->test->threads; i++) {
        struct core_part part;
        memcpy(&part, intern_bytes(machine->parts, numbers->core[i], NULL), sizeof part);
        state->hardware.cores[i] = part.core;
        state->threads[i] = part.thread;
    }
}

/* ---- Steps ---- */

/* What follows from a step by itself, and then the state is told; or compared, if a story looks for it. */
static bool emit(struct exploring *exploring, uint32_t label, struct litmus_state *next)
{
    struct litmus_machine *machine = &exploring->machine;
    struct numbers numbers;
    if (!litmus_advance(machine, next))
        return false;
    if (!pack(machine, next, exploring->from, &exploring->from_numbers, &numbers))
        return false;
    if (exploring->wanted == NULL) {
        search_emit(exploring->search, label, &numbers);
        return true;
    }
    if (!exploring->is_found && label == exploring->wanted_label &&
        memcmp(&numbers, exploring->wanted, sizeof numbers) == 0) {
        exploring->is_found = true;
        exploring->found = *next;
        exploring->found_events = *machine->events;
    }
    machine->events->count = 0;
    return true;
}

static bool hardware_step(void *context, struct small_label label, struct small_state *hardware)
{
    struct exploring *exploring = context;
    struct litmus_state next;
    next.hardware = *hardware;
    memcpy(next.threads, exploring->from->threads, sizeof next.threads);
    if (label.step == STEP_DROP) {
        /* it may be complete, and its place free, already */
        unsigned issuer = exploring->from->hardware.invalidations[label.index].issuer;
        if (!litmus_follow_drop(&exploring->machine, &next, label.core, label.index, issuer))
            return false;
    } else if (label.step == STEP_WALK_BEGINS && label.index < SMALL_ACCESSES) {
        litmus_follow_walk(&exploring->machine, &next, label.core, label.index);
    }
    return emit(exploring, litmus_label_of(label.step, label.core, label.index, label.detail), &next);
}

static bool thread_steps(struct exploring *exploring, unsigned core)
{
    struct litmus_machine *machine = &exploring->machine;
    const struct litmus_state *from = exploring->from;
    for (unsigned i = 0; i < from->threads[core].count; i++) {
        struct litmus_state next;
        if (!litmus_may_read(machine, from, core, i))
            continue;
        next = *from;
        if (!litmus_read_value_of(machine, &next, core, i) ||
            !emit(exploring, litmus_label_of(LITMUS_READS, core, i, 0), &next))
            return false;
    }
    for (unsigned taken = 0; taken < 2 && litmus_wants_guess(machine, from, core); taken++) {
        struct litmus_state next = *from;
        litmus_guess_branch(machine, &next, core, taken != 0);
        if (!emit(exploring, litmus_label_of(LITMUS_GUESSES, core, taken, 0), &next))
            return false;
    }
    return true;
}

static bool is_over(const struct litmus_machine *machine, const struct litmus_state *state)
{
    for (unsigned core = 0; core < machine->test->threads; core++)
        if (!litmus_thread_is_over(machine, state, core))
            return false;
    return true;
}

static bool all_steps(struct exploring *exploring, const struct litmus_state *from,
                      const struct numbers *numbers)
{
    const struct small_visitor visitor = {.step = hardware_step, .context = exploring};
    exploring->from = from;
    exploring->from_numbers = *numbers;
    if (is_over(&exploring->machine, from))
        return true;
    for (unsigned core = 0; core < exploring->machine.test->threads; core++)
        if (!thread_steps(exploring, core))
            return false;
    if (small_steps(exploring->machine.hardware, &from->hardware, &visitor))
        return true;
    const char *error = small_error(exploring->machine.hardware);
    return error == NULL ? false : litmus_refuse(&exploring->machine, "%s", error);
}

/* ---- The beginning ---- */

static bool put_memory(struct litmus_machine *machine, struct litmus_state *state)
{
    const struct litmus_test *test = machine->test;
    bool fine = true;
    for (unsigned i = 0; fine && i < test->locations; i++) {
        const struct litmus_location *location = &test->location[i];
        fine = small_poke(machine->hardware, &state->hardware, litmus_entry_pa_of(i),
                          litmus_encode(&location->entry));
        for (unsigned k = 0; fine && k < location->elements; k++) {
            uint64_t value = (uint64_t)location->initial[k];
            uint64_t pa = litmus_page_pa_of(i) + (uint64_t)k * location->element_bytes;
            fine = small_poke(machine->hardware, &state->hardware, litmus_word_pa(pa),
                              location->element_bytes == 4 ? value & UINT32_MAX : value);
        }
    }
    return fine || litmus_refuse(machine, "%s", small_error(machine->hardware));
}

static bool put_threads(struct litmus_machine *machine, struct litmus_state *state)
{
    for (unsigned core = 0; core < machine->test->threads; core++) {
        state->hardware.cores[core].context = (uint8_t)(core + 1);
        for (unsigned i = 0; i < LITMUS_REGISTERS; i++)
            if (!small_value(machine->hardware, litmus_number_of(&machine->test->thread[core].initial[i]),
                             &state->threads[core].reg[i]))
                return litmus_refuse(machine, "%s", small_error(machine->hardware));
    }
    return true;
}

static bool refuse_to_search(struct exploring *exploring, struct search *search)
{
    if (exploring->machine.refused[0] != '\0')
        search_refuse(search, "%s", exploring->machine.refused);
    return false;
}

static bool begin(void *context, struct search *search)
{
    struct exploring *exploring = context;
    struct litmus_machine *machine = &exploring->machine;
    struct litmus_state state;
    exploring->search = search;
    memset(&state, 0, sizeof state);
    small_begin(machine->hardware, &state.hardware);
    if (put_memory(machine, &state) && put_threads(machine, &state) &&
        emit(exploring, litmus_label_of(LITMUS_BEGINS, 0, 0, 0), &state))
        return true;
    return refuse_to_search(exploring, search);
}

static bool expand(void *context, const void *bytes, struct search *search)
{
    struct exploring *exploring = context;
    struct litmus_state state;
    struct numbers numbers;
    memcpy(&numbers, bytes, sizeof numbers);
    unpack(&exploring->machine, &numbers, &state);
    return all_steps(exploring, &state, &numbers) || refuse_to_search(exploring, search);
}

/* ---- The end ---- */

struct ending {
    const struct litmus_machine *machine;
    const struct litmus_state *state;
};

static uint64_t final_register(void *context, unsigned thread, unsigned number)
{
    const struct ending *ending = context;
    return small_value_of(ending->machine->hardware, ending->state->threads[thread].reg[number]);
}

/* x in a condition is the variable's own page, as the initial state fills it, not what x is mapped to. */
static uint64_t final_word(void *context, unsigned location, unsigned element)
{
    const struct ending *ending = context;
    uint64_t pa = litmus_page_pa_of(location) +
                  (uint64_t)element * ending->machine->test->location[location].element_bytes;
    return small_value_of(
        ending->machine->hardware,
        small_memory_at(ending->machine->hardware, &ending->state->hardware, litmus_word_pa(pa)));
}

static uint64_t final_entry(void *context, unsigned location)
{
    const struct ending *ending = context;
    return small_value_of(
        ending->machine->hardware,
        small_memory_at(ending->machine->hardware, &ending->state->hardware, litmus_entry_pa_of(location)));
}

static uint64_t final_value(void *context, const struct litmus_value *value)
{
    (void)context;
    return litmus_number_of(value);
}

static bool asks_for(const struct litmus_machine *machine, const struct litmus_state *state)
{
    struct ending ending = {machine, state};
    struct litmus_fault faults[LITMUS_THREADS * LITMUS_FAULTS];
    struct litmus_final final = {.context = &ending,
                                 .reg = final_register,
                                 .word = final_word,
                                 .entry = final_entry,
                                 .value = final_value,
                                 .faults = faults};
    for (unsigned i = 0; i < machine->test->threads; i++)
        for (unsigned k = 0; k < state->threads[i].fault_count; k++)
            faults[final.fault_count++] = state->threads[i].faults[k];
    return litmus_condition_holds(machine->test, &final) != (machine->test->quantifier == LITMUS_FORALL);
}

static uint32_t check(void *context, const void *bytes, struct search *search)
{
    struct exploring *exploring = context;
    struct litmus_state state;
    struct numbers numbers;
    (void)search;
    memcpy(&numbers, bytes, sizeof numbers);
    unpack(&exploring->machine, &numbers, &state);
    return is_over(&exploring->machine, &state) && asks_for(&exploring->machine, &state) ? RULE_REACHED
                                                                                         : SEARCH_RULE_NONE;
}

static bool is_final(void *context, const void *bytes)
{
    const struct exploring *exploring = context;
    struct litmus_state state;
    struct numbers numbers;
    memcpy(&numbers, bytes, sizeof numbers);
    unpack(&exploring->machine, &numbers, &state);
    return is_over(&exploring->machine, &state);
}

/* ---- The machine ---- */

static bool is_base_fixed(const struct litmus_thread *thread, uint8_t base)
{
    for (unsigned i = 0; i < thread->instructions; i++) {
        const struct litmus_instruction *code = &thread->code[i];
        bool writes = code->opcode == LITMUS_LDR || code->opcode == LITMUS_LDAR ||
                      (code->opcode >= LITMUS_MOV && code->opcode <= LITMUS_LSL);
        if (writes && code->data == base)
            return false;
    }
    return true;
}

/* Which descriptors change: those whose address a register holds; and those that a walk may fault on. */
static void find_changes(struct litmus_machine *machine)
{
    const struct litmus_test *test = machine->test;
    for (unsigned i = 0; i < test->locations; i++) {
        const struct litmus_descriptor *entry = &test->location[i].entry;
        machine->changes[i] = !entry->valid || !entry->af || !entry->db;
    }
    for (unsigned core = 0; core < test->threads; core++)
        for (unsigned i = 0; i < LITMUS_REGISTERS; i++)
            if (test->thread[core].initial[i].kind == LITMUS_ENTRY_ADDRESS)
                machine->changes[test->thread[core].initial[i].location] = true;
}

/* Which pages that change a core translates. */
static unsigned find_pages(struct litmus_machine *machine, unsigned core)
{
    const struct litmus_thread *thread = &machine->test->thread[core];
    unsigned used = 0;
    for (unsigned i = 0; i < thread->instructions; i++) {
        const struct litmus_value *base = &thread->initial[thread->code[i].base % LITMUS_REGISTERS];
        uint8_t page = LITMUS_NONE;
        if (!litmus_is_access(&thread->code[i]))
            page = LITMUS_NOT_TRACKED;
        else if (is_base_fixed(thread, thread->code[i].base) && base->kind == LITMUS_ADDRESS)
            page = machine->changes[base->location] ? base->location : LITMUS_NOT_TRACKED;
        else if (is_base_fixed(thread, thread->code[i].base) && base->kind == LITMUS_ENTRY_ADDRESS)
            page = LITMUS_NOT_TRACKED;
        machine->page[core][i] = page;
        if (page == LITMUS_NONE)
            for (unsigned k = 0; k < machine->test->locations; k++)
                used |= machine->changes[k] ? 1U << k : 0;
        else if (page != LITMUS_NOT_TRACKED)
            used |= 1U << page;
    }
    return used;
}

/* One table of 512 descriptors, as the tests have it: VMSAv8-64 whose first level is the last. */
static void make_format(struct litmus_machine *machine)
{
    machine->format = vmsa_4k_39;
    machine->numbers = *(const struct vmsa_numbers *)vmsa_4k_39.numbers;
    machine->numbers.first_level = VMSA_LAST_LEVEL;
    machine->numbers.va_bits = 21;
    machine->numbers.last_index[VMSA_LAST_LEVEL] = 511;
    machine->format.name = "vmsa-4k-one-level";
    machine->format.levels = 1;
    machine->format.va_bits = 21;
    machine->format.frame_sizes = 1;
    machine->format.numbers = &machine->numbers;
}

static bool make_hardware(struct litmus_machine *machine)
{
    struct small_config config = {.cores = machine->test->threads,
                                  .tlb_entries = 1,
                                  .store_buffer = SMALL_STORES,
                                  .walks = SMALL_WALKS,
                                  .ordering = ORDERING_ARM,
                                  .stores_pass_stores = true,
                                  .speculates = true,
                                  .evicts = true,
                                  .context_count = machine->test->threads,
                                  .memory_bytes = litmus_page_pa_of(LITMUS_LOCATIONS)};
    for (unsigned core = 0; core < machine->test->threads; core++) {
        struct small_context *context = &config.contexts[core];
        unsigned used = find_pages(machine, core);
        context->regime = (struct translation_regime){
            .format = &machine->format, .root = litmus_root_pa(), .physical_size_lg2 = 48};
        for (unsigned k = 0; k < machine->test->locations; k++)
            if (used >> k & 1 && context->page_count < SMALL_PAGES)
                context->pages[context->page_count++] = litmus_va_of(k);
        if (context->page_count > config.tlb_entries)
            config.tlb_entries =
                context->page_count < SMALL_TLB_ENTRIES ? context->page_count : SMALL_TLB_ENTRIES;
        if (used != 0)
            machine->targets |= (uint8_t)(1U << core);
    }
    machine->hardware = small_create(&config, &machine->budget);
    return machine->hardware != NULL;
}

static bool make(struct litmus_machine *machine, const struct litmus_test *test,
                 const struct litmus_options *options)
{
    machine->test = test;
    machine->options = *options;
    if (options->window == 0 || options->window > LITMUS_WINDOW_MAX)
        machine->options.window = LITMUS_WINDOW_MAX;
    machine->budget.bytes_max = options->bytes_max != 0 ? options->bytes_max : SEARCH_BYTES_STANDARD;
    const struct intern_config parts = {.budget = &machine->budget, .fixed_bytes = sizeof(struct core_part)};
    const struct intern_config shared = {.budget = &machine->budget,
                                         .fixed_bytes = sizeof(struct shared_part)};
    machine->parts = intern_create(&parts);
    machine->shared = intern_create(&shared);
    make_format(machine);
    find_changes(machine);
    return machine->parts != NULL && machine->shared != NULL && make_hardware(machine);
}

static void release(struct exploring *exploring)
{
    search_destroy(exploring->search);
    small_destroy(exploring->machine.hardware);
    intern_destroy(exploring->machine.parts);
    intern_destroy(exploring->machine.shared);
    free(exploring);
}

/* ---- The story ---- */

static void say_lines(const struct exploring *exploring, const char *line, const struct litmus_events *events)
{
    const struct litmus_options *options = &exploring->machine.options;
    options->tell(options->tell_context, line);
    for (unsigned i = 0; i < events->count; i++) {
        char text[LITMUS_TEXT_LINE + 8];
        (void)snprintf(text, sizeof text, "    %s", events->line[i]);
        options->tell(options->tell_context, text);
    }
}

/* Repeats each step of a path, this time listening to what happens by itself. */
static void tell_story(struct exploring *exploring, uint32_t state)
{
    struct litmus_machine *machine = &exploring->machine;
    size_t length = search_path(exploring->search, state, NULL, 0);
    struct search_step *steps = calloc(length, sizeof *steps);
    struct litmus_events events = {0};
    if (steps == NULL)
        return;
    (void)search_path(exploring->search, state, steps, length);
    machine->events = &events;
    for (size_t i = 1; i < length; i++) {
        char line[2 * LITMUS_TEXT_LINE];
        struct litmus_state before;
        struct numbers numbers, wanted;
        memcpy(&numbers, search_state(exploring->search, steps[i - 1].state), sizeof numbers);
        memcpy(&wanted, search_state(exploring->search, steps[i].state), sizeof wanted);
        unpack(machine, &numbers, &before);
        exploring->wanted = &wanted;
        exploring->wanted_label = steps[i].label;
        exploring->is_found = false;
        events.count = 0;
        if (!all_steps(exploring, &before, &numbers) || !exploring->is_found)
            break;
        litmus_write_step(machine, steps[i].label, &before, &exploring->found, line, sizeof line);
        say_lines(exploring, line, &exploring->found_events);
    }
    exploring->wanted = NULL;
    machine->events = NULL;
    free(steps);
}

static void fill_result(struct exploring *exploring, enum search_outcome outcome,
                        struct litmus_result *result)
{
    const struct search_figures *figures = search_figures(exploring->search);
    size_t count;
    const struct search_finding *finding = search_findings(exploring->search, &count);
    result->states = figures->states;
    result->depth = figures->depth;
    result->seconds = figures->seconds;
    for (size_t i = 0; i < count; i++) {
        if (finding[i].kind != SEARCH_BAD_STATE)
            continue;
        result->reached = true;
        result->depth = (uint32_t)search_path(exploring->search, finding[i].state, NULL, 0) - 1;
        if (exploring->machine.options.tell != NULL)
            tell_story(exploring, finding[i].state);
        break;
    }
    result->complete = result->reached || outcome == SEARCH_COMPLETE;
    if (!result->complete && count > 0)
        (void)snprintf(
            result->sentence, sizeof result->sentence,
            "a run comes to a state in which threads wait for each other for ever, which hardware does not");
    else if (!result->complete)
        (void)search_sentence(exploring->search, result->sentence, sizeof result->sentence);
}

bool litmus_explore(const struct litmus_test *test, const struct litmus_options *options,
                    struct litmus_result *result, struct vectors_failure *failure)
{
    struct exploring *exploring = calloc(1, sizeof *exploring);
    memset(result, 0, sizeof *result);
    if (exploring == NULL)
        return vectors_fail(failure, "%s: there is no memory to explore it", test->name);
    const struct search_model model = {.context = exploring,
                                       .state_bytes = sizeof(struct numbers),
                                       .begin = begin,
                                       .expand = expand,
                                       .is_final = is_final,
                                       .check = check};
    struct search_config config = {.budget = &exploring->machine.budget, .states_max = options->states_max};
    if (make(&exploring->machine, test, options))
        exploring->search = search_create(&model, &config);
    if (exploring->search == NULL) {
        release(exploring);
        return vectors_fail(failure, "%s: there is no memory to explore it", test->name);
    }
    enum search_outcome outcome = search_run(exploring->search);
    bool refused = outcome == SEARCH_REFUSED;
    if (refused)
        (void)vectors_fail(failure, "%s: %s", test->name, exploring->machine.refused);
    else
        fill_result(exploring, outcome, result);
    release(exploring);
    return !refused;
}
