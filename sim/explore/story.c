#include "sim/explore/story.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "sim/explore/exploration_internal.h"
#include "sim/explore/program_tree.h"
#include "sim/explore/small_internal.h"

#define TEXT STORY_TEXT_BYTES

static const char *const access_names[] = {"load", "store", "fetch"};

static const char *fault_name(unsigned fault)
{
    static const char *const names[] = {"no",           "translation",  "access-flag",
                                        "permission",   "address-size", "external-abort",
                                        "TLB-conflict", "reserved-bit", "noncanonical-address"};
    return fault < sizeof names / sizeof names[0] ? names[fault] : "?";
}

static void print_leaf(const struct small_machine *machine, uint16_t leaf, char *text, size_t bytes)
{
    const struct walk_leaf *found = &small_leaf_of(machine, leaf)->leaf;
    char attributes[FRAME_ATTRIBUTES_TEXT_BYTES];
    frame_attributes_print(found->frame.attributes, attributes);
    (void)snprintf(text, bytes, "0x%" PRIx64 " -> 0x%" PRIx64 " %s", found->va, found->frame.base,
                   attributes);
}

/* ---- hardware ------------------------------------------------------------------------------------- */

static void print_drain(const struct small_machine *machine, const struct small_core *core, unsigned index,
                        char text[TEXT])
{
    const struct small_store *store = &core->stores[index];
    int length = snprintf(text, TEXT, "store of 0x%" PRIx64 " to 0x%" PRIx64 " reaches memory",
                          small_value_of(machine, store->value), small_pa_of(machine, store->word));
    if (store->leaf != 0 && length > 0 && length < TEXT)
        (void)snprintf(text + length, TEXT - (size_t)length, " (written to 0x%" PRIx64 ")",
                       small_va_of(machine, store->address));
}

/* What an invalidation is of. */
static void print_invalidated(const struct invalidation *order, char *text, size_t bytes)
{
    switch (order->scope) {
    case INVALIDATE_VA:
    case INVALIDATE_VA_ALL_ASIDS:
        (void)snprintf(text, bytes, "0x%" PRIx64 "%s", order->va,
                       order->last_level_only ? " (last level only)" : "");
        return;
    case INVALIDATE_ASID:
        (void)snprintf(text, bytes, "ASID %u", order->asid);
        return;
    default:
        (void)snprintf(text, bytes, "everything");
        return;
    }
}

static void print_walk(const struct small_machine *machine, const struct small_state *state,
                       struct small_label label, char text[TEXT])
{
    const struct small_core *core = &state->cores[label.core];
    const struct small_walk *walk = &core->walks[label.index];
    const struct walk_state *position = small_position_of(machine, walk->position);
    const struct position_facts *facts = &machine->facts[walk->position - 1];
    char leaf[TEXT / 2];
    if (label.step == STEP_WALK_READS) {
        (void)snprintf(text, TEXT, "walk for 0x%" PRIx64 " reads 0x%" PRIx64 " at 0x%" PRIx64 " (level %u)",
                       position->va, small_value_of(machine, small_memory_at(machine, state, facts->pa)),
                       facts->pa, position->level);
    } else if (label.step == STEP_WALK_UPDATES) {
        (void)snprintf(text, TEXT, "walk for 0x%" PRIx64 " changes an entry, or begins again", position->va);
    } else if (facts->status == WALK_LEAF) {
        print_leaf(machine, facts->leaf, leaf, sizeof leaf);
        (void)snprintf(text, TEXT, "walk for 0x%" PRIx64 " ends: %s%s", position->va, leaf,
                       walk->settle != 0 ? "; an invalidation has caught it, and it fills nothing" : "");
    } else {
        (void)snprintf(text, TEXT, "walk for 0x%" PRIx64 " ends: %s fault, level %u", position->va,
                       fault_name(position->fault), position->fault_level);
    }
}

static void print_beginning(const struct small_machine *machine, const struct small_core *core,
                            unsigned index, char text[TEXT])
{
    if (index < SMALL_ACCESSES) {
        const struct small_access *access = &core->accesses[index];
        (void)snprintf(text, TEXT, "walk begins for the %s of 0x%" PRIx64, access_names[access->kind],
                       small_va_of(machine, access->address));
        return;
    }
    const struct small_context *context = &small_machine_config(machine)->contexts[core->context - 1];
    (void)snprintf(text, TEXT, "walk begins for 0x%" PRIx64 ", unasked",
                   context->pages[index - SMALL_ACCESSES]);
}

static void print_entry(const struct small_machine *machine, const struct small_core *core,
                        struct small_label label, char text[TEXT])
{
    uint16_t items[SMALL_TLB_ENTRIES];
    char leaf[TEXT / 2];
    if (label.detail) {
        (void)snprintf(text, TEXT,
                       label.detail == 1 ? "walk cache evicts an entry" : "the fault that stayed goes");
        return;
    }
    (void)small_tlb_leaves(machine, core->tlb, items, SMALL_TLB_ENTRIES);
    print_leaf(machine, items[label.index], leaf, sizeof leaf);
    (void)snprintf(text, TEXT, "TLB evicts %s", leaf);
}

static void print_hit(const struct small_machine *machine, const struct small_core *core,
                      struct small_label label, char text[TEXT])
{
    const struct small_access *access = &core->accesses[label.index];
    (void)snprintf(text, TEXT, "%s of 0x%" PRIx64 " hits in the TLB", access_names[access->kind],
                   small_va_of(machine, access->address));
}

/* One step of hardware, without its core. */
static void print_hardware(const struct small_machine *machine, const struct small_state *state,
                           struct small_label label, char text[TEXT])
{
    const struct small_core *core = &state->cores[label.core];
    char order[TEXT / 2];
    switch (label.step) {
    case STEP_DRAIN:
        print_drain(machine, core, label.index, text);
        return;
    case STEP_DROP:
        print_invalidated(small_invalidation_of(machine, state->invalidations[label.index].what), order,
                          sizeof order);
        (void)snprintf(text, TEXT, "invalidation of %s by core %u arrives", order,
                       state->invalidations[label.index].issuer + 1u);
        return;
    case STEP_WALK_BEGINS:
        print_beginning(machine, core, label.index, text);
        return;
    case STEP_EVICT:
        print_entry(machine, core, label, text);
        return;
    case STEP_HIT:
        print_hit(machine, core, label, text);
        return;
    case STEP_MEETS:
        (void)snprintf(text, TEXT, "%s of 0x%" PRIx64 " meets a fault that stayed",
                       access_names[core->accesses[label.index].kind],
                       small_va_of(machine, core->accesses[label.index].address));
        return;
    default:
        print_walk(machine, state, label, text);
        return;
    }
}

/* ---- programs ------------------------------------------------------------------------------------- */

static void print_sent(const struct invalidation *order, char text[TEXT])
{
    char what[TEXT / 2];
    print_invalidated(order, what, sizeof what);
    (void)snprintf(text, TEXT, "invalidates %s on %s", what, order->broadcast ? "all cores" : "its core");
}

static void print_asked(const struct happening *what, char text[TEXT])
{
    const struct operation_request *request = what->operation;
    char inner[TEXT / 2];
    operation_request_print(request, inner, sizeof inner);
    switch (request->kind) {
    case REQUEST_READ:
        (void)snprintf(text, TEXT, "reads 0x%" PRIx64 " at 0x%" PRIx64, what->value, request->pa);
        return;
    case REQUEST_COMPARE_EXCHANGE:
        (void)snprintf(text, TEXT, "%s%s", inner, what->value == request->expected ? "" : ", in vain");
        return;
    case REQUEST_ALLOCATE:
        (void)snprintf(text, TEXT, "%s: 0x%" PRIx64, inner, what->value);
        return;
    case REQUEST_INVALIDATE:
        print_sent(&request->invalidation, text);
        return;
    default:
        (void)snprintf(text, TEXT, "%s", inner);
        return;
    }
}

static void print_performed(const struct happening *what, char text[TEXT])
{
    const struct program_request *request = what->program;
    if (request->access == ACCESS_LOAD)
        (void)snprintf(text, TEXT, "load of 0x%" PRIx64 " reads 0x%" PRIx64 " at 0x%" PRIx64, request->va,
                       what->value, what->pa);
    else if (request->access == ACCESS_STORE)
        (void)snprintf(text, TEXT, "store of 0x%" PRIx64 " to 0x%" PRIx64 " goes to 0x%" PRIx64,
                       request->value, request->va, what->pa);
    else
        (void)snprintf(text, TEXT, "fetch of 0x%" PRIx64 " goes to 0x%" PRIx64, request->va, what->pa);
}

static void print_own(const struct happening *what, char text[TEXT])
{
    if (what->program->kind == PROGRAM_INVALIDATE)
        print_sent(&what->program->invalidation, text);
    else if (what->program->kind == PROGRAM_CHOOSE)
        (void)snprintf(text, TEXT, "goes way %u of %" PRIu64, what->label.detail + 1u, what->program->value);
    else
        program_request_print(what->program, text, TEXT);
}

void story_happening(const struct exploration *exploration, const struct happening *what,
                     char text[STORY_TEXT_BYTES])
{
    switch (what->kind) {
    case HAPPENING_HARDWARE:
        print_hardware(exploration->machine, what->before, what->label, text);
        return;
    case HAPPENING_CALLED:
        operation_call_print(what->call, text, TEXT);
        return;
    case HAPPENING_ASKED:
        print_asked(what, text);
        return;
    case HAPPENING_RETURNED:
        operation_request_print(what->operation, text, TEXT);
        return;
    case HAPPENING_ISSUED:
        (void)snprintf(text, TEXT, "%s of 0x%" PRIx64, access_names[what->program->access],
                       what->program->va);
        return;
    case HAPPENING_PERFORMED:
        print_performed(what, text);
        return;
    case HAPPENING_FAULTED:
        (void)snprintf(text, TEXT, "%s of 0x%" PRIx64 " takes a %s fault, level %u",
                       access_names[what->program->access], what->program->va, fault_name(what->fault),
                       what->fault_level);
        return;
    default:
        print_own(what, text);
        return;
    }
}

struct first_line {
    const struct exploration *exploration;
    char *text;
    bool told;
};

static void take_first(void *context, const struct happening *what)
{
    struct first_line *line = context;
    char text[TEXT];
    char call[TEXT / 4] = "";
    if (line->told)
        return;
    line->told = true;
    story_happening(line->exploration, what, text);
    if (what->kind == HAPPENING_ASKED || what->kind == HAPPENING_RETURNED)
        operation_call_print(what->call, call, sizeof call);
    (void)snprintf(line->text, TEXT, "core %u: %s%s%.*s", what->core + 1, call, *call ? ": " : "", TEXT / 2,
                   text);
}

void story_step(struct exploration *exploration, const void *from, uint32_t label, char text[TEXT])
{
    struct first_line line = {.exploration = exploration, .text = text};
    const struct happening_visitor visitor = {take_first, &line};
    text[0] = 0;
    happenings_visit(exploration, from, label, &visitor);
}

/* ---- findings ------------------------------------------------------------------------------------- */

static void print_map_there(struct exploration *exploration, const struct explored *explored, uint64_t va,
                            char *text, size_t bytes)
{
    const struct mapping *mapping = rules_mapping(exploration->rules, &explored->rules, va);
    char attributes[FRAME_ATTRIBUTES_TEXT_BYTES];
    if (!mapping) {
        (void)snprintf(text, bytes, "nothing is mapped at 0x%" PRIx64, va);
        return;
    }
    frame_attributes_print(mapping->frame.attributes, attributes);
    (void)snprintf(text, bytes, "the map has 0x%" PRIx64 " -> 0x%" PRIx64 " %s", mapping->va,
                   mapping->frame.base, attributes);
}

static void print_stuck(struct exploration *exploration, const struct small_state *state, char text[TEXT])
{
    int length = snprintf(text, TEXT, "no program can go on");
    for (unsigned core = 0; core < exploration->config.machine.cores && length > 0 && length < TEXT; core++) {
        const struct exploration_next next = exploration_next(exploration, state, core);
        char request[TEXT / 3];
        if (!next.operation)
            continue;
        operation_request_print(next.operation, request, sizeof request);
        length +=
            snprintf(text + length, TEXT - (size_t)length, "; core %u waits where it %s", core + 1, request);
    }
}

void story_finding(struct exploration *exploration, const void *from, uint32_t label, uint32_t finding,
                   char text[TEXT])
{
    struct small_state next;
    struct explored explored;
    char leaf[TEXT / 4], map[TEXT / 4];
    (void)exploration_repeat(exploration, from, label, &next, &explored);
    const struct finding_subject *subject = &exploration->subject;
    if (finding == FINDING_STUCK) {
        print_stuck(exploration, &next, text);
        return;
    }
    switch ((enum judge_rule)(finding - 1)) {
    case RULE_STALE_ENTRY:
    case RULE_STALE_TRANSLATION:
    case RULE_WRONG_FRAME:
    case RULE_NEVER_MAPPED:
    case RULE_FORBIDDEN_ACCESS:
        print_leaf(exploration->machine, subject->leaf, leaf, sizeof leaf);
        print_map_there(exploration, &explored, small_leaf_of(exploration->machine, subject->leaf)->leaf.va,
                        map, sizeof map);
        if (subject->held)
            (void)snprintf(text, TEXT, "the TLB of core %u holds %s, but %s", subject->core + 1u, leaf, map);
        else
            (void)snprintf(text, TEXT, "the %s of 0x%" PRIx64 " on core %u used %s, but %s",
                           access_names[subject->kind], subject->va, subject->core + 1u, leaf, map);
        return;
    case RULE_SPURIOUS_FAULT:
    case RULE_UNEXPECTED_ABORT:
        print_map_there(exploration, &explored, subject->va, map, sizeof map);
        (void)snprintf(text, TEXT, "the %s of 0x%" PRIx64 " on core %u takes a %s fault, but throughout %s",
                       access_names[subject->kind], subject->va, subject->core + 1u,
                       fault_name(subject->fault), map);
        return;
    case RULE_OPERATION_RESULT:
        operation_call_print(subject->call, leaf, sizeof leaf);
        print_map_there(exploration, &explored, subject->call->va, map, sizeof map);
        (void)snprintf(text, TEXT, "the %s on core %u answers %s, but %s", leaf, subject->core + 1u,
                       pagetable_result_name(subject->returned->result), map);
        return;
    case RULE_CHANGED_WITHOUT_BREAK:
    case RULE_MADE_BEFORE_CLEAN:
    case RULE_WRITE_BELOW_UNCLEAN:
    case RULE_TABLE_TWICE:
        (void)snprintf(text, TEXT, "the word at 0x%" PRIx64 " becomes 0x%" PRIx64 ", from 0x%" PRIx64 ": %s",
                       subject->write.pa, subject->write.after, subject->write.before,
                       judge_rule_text((enum judge_rule)(finding - 1)));
        return;
    case RULE_VIEW_DIFFERS:
        if (story_view(exploration, &next, &explored, text))
            return;
        break;
    default:
        break;
    }
    (void)snprintf(text, TEXT, "%s", judge_rule_text((enum judge_rule)(finding - 1)));
}

/* ---- the end -------------------------------------------------------------------------------------- */

static void tell_caches(const struct exploration *exploration, const struct small_state *state,
                        const struct story_reader *reader)
{
    char text[TEXT];
    for (unsigned core = 0; core < exploration->config.machine.cores; core++) {
        uint16_t leaves[SMALL_TLB_ENTRIES];
        uint16_t tlb = state->cores[core].tlb;
        unsigned count =
            tlb == 0 ? 0 : small_tlb_leaves(exploration->machine, tlb, leaves, SMALL_TLB_ENTRIES);
        int length =
            snprintf(text, TEXT, "the TLB of core %u holds%s", core + 1, count == 0 ? " nothing" : "");
        for (unsigned i = 0; i < count && length > 0 && length < TEXT; i++) {
            char leaf[TEXT / 4];
            print_leaf(exploration->machine, leaves[i], leaf, sizeof leaf);
            length += snprintf(text + length, TEXT - (size_t)length, "%s %s", i == 0 ? "" : ",", leaf);
        }
        reader->line(reader->context, text);
    }
}

static void tell_map(struct exploration *exploration, const struct explored *explored,
                     const struct story_reader *reader)
{
    const struct small_context *context = &small_machine_config(exploration->machine)->contexts[0];
    char text[TEXT];
    for (unsigned i = 0; i < context->page_count; i++) {
        print_map_there(exploration, explored, context->pages[i], text, sizeof text);
        reader->line(reader->context, text);
    }
}

void story_end(struct exploration *exploration, const void *from, uint32_t label,
               const struct story_reader *reader)
{
    struct small_state state;
    struct explored explored;
    (void)exploration_repeat(exploration, from, label, &state, &explored);
    tell_caches(exploration, &state, reader);
    tell_map(exploration, &explored, reader);
}
