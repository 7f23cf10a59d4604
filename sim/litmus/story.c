/* Steps in words. */
#include <inttypes.h>
#include <stdio.h>

#include "sim/litmus/thread.h"
#include "sim/litmus/write.h"

struct litmus_words litmus_name_slot(const struct litmus_machine *machine, unsigned core,
                                     const struct litmus_slot *slot)
{
    struct litmus_words words;
    struct litmus_text text = {words.text, sizeof words.text, 0};
    litmus_put(&text, "P%u: ", core);
    litmus_put_instruction(&text, &machine->test->thread[core], litmus_code_of(machine, core, slot));
    return words;
}

/* A number as the test would write it. */
static struct litmus_words name_value(const struct litmus_machine *machine, uint64_t value)
{
    const struct litmus_test *test = machine->test;
    struct litmus_words words;
    struct litmus_text text = {words.text, sizeof words.text, 0};
    for (unsigned i = 0; i < test->locations; i++)
        for (unsigned bits = 0; bits < 8; bits++) {
            struct litmus_descriptor descriptor = {(uint8_t)i, bits & 1, (bits & 2) != 0, (bits & 4) != 0};
            if (litmus_encode(&descriptor) == value) {
                litmus_put_descriptor(&text, test, &descriptor);
                return words;
            }
        }
    litmus_put(&text, "%" PRIu64, value);
    return words;
}

static struct litmus_words name_place(const struct litmus_machine *machine, uint64_t word_pa)
{
    const struct litmus_test *test = machine->test;
    struct litmus_words words;
    struct litmus_text text = {words.text, sizeof words.text, 0};
    uint8_t entry = litmus_entry_at(test, word_pa);
    uint8_t frame = litmus_frame_at(test, word_pa);
    if (entry != LITMUS_NONE) {
        litmus_put(&text, "PTE(%s)", test->location[entry].name);
    } else if (frame != LITMUS_NONE) {
        uint64_t offset = (word_pa - litmus_page_pa_of(frame)) / 2;
        litmus_put(&text, "the page of %s", test->location[frame].name);
        if (offset != 0)
            litmus_put(&text, " (+%" PRIu64 ")", offset);
    } else {
        litmus_put(&text, "0x%" PRIx64, word_pa);
    }
    return words;
}

static const char *name_page(const struct litmus_machine *machine, uint64_t va)
{
    uint8_t location = litmus_page_at(machine->test, va);
    return location == LITMUS_NONE ? "?" : machine->test->location[location].name;
}

static struct litmus_words name_leaf(const struct litmus_machine *machine, uint16_t leaf)
{
    struct litmus_words words;
    struct litmus_text text = {words.text, sizeof words.text, 0};
    const struct walk_leaf *found = &small_leaf_of(machine->hardware, leaf)->leaf;
    uint8_t frame = litmus_frame_at(machine->test, found->frame.base);
    litmus_put(&text, "the page of %s%s", frame == LITMUS_NONE ? "?" : machine->test->location[frame].name,
               found->frame.attributes & FRAME_WRITABLE ? "" : ", read-only");
    return words;
}

/* The instruction whose access it is. */
static struct litmus_words name_access(const struct litmus_machine *machine, const struct litmus_state *state,
                                       unsigned core, unsigned access)
{
    const struct litmus_thread_state *thread = &state->threads[core];
    struct litmus_words words;
    struct litmus_text text = {words.text, sizeof words.text, 0};
    for (unsigned i = 0; i < thread->count; i++)
        if (thread->slots[i].access == access + 1)
            return litmus_name_slot(machine, core, &thread->slots[i]);
    litmus_put(&text, "P%u", core);
    return words;
}

static void write_walk(const struct litmus_machine *machine, const struct litmus_state *before, unsigned core,
                       unsigned walker, const char *what, struct litmus_text *text)
{
    const struct small_walk *walk = &before->hardware.cores[core].walks[walker];
    uint64_t va = small_position_of(machine->hardware, walk->position)->va;
    if (walk->access != 0)
        litmus_put(text, "%s: its walk of %s %s", name_access(machine, before, core, walk->access - 1U).text,
                   name_page(machine, va), what);
    else
        litmus_put(text, "P%u: the walk of %s that nobody asked for %s", core, name_page(machine, va), what);
}

static void write_walk_read(const struct litmus_machine *machine, const struct litmus_state *before,
                            unsigned core, unsigned walker, struct litmus_text *text)
{
    const struct small_walk *walk = &before->hardware.cores[core].walks[walker];
    uint64_t va = small_position_of(machine->hardware, walk->position)->va;
    uint8_t page = litmus_page_at(machine->test, va);
    uint8_t value = small_memory_at(machine->hardware, &before->hardware, litmus_entry_pa_of(page));
    write_walk(machine, before, core, walker, "reads ", text);
    litmus_put(text, "%s", name_value(machine, small_value_of(machine->hardware, value)).text);
}

static void write_walk_end(const struct litmus_machine *machine, const struct litmus_state *before,
                           const struct litmus_state *after, unsigned core, unsigned walker,
                           struct litmus_text *text)
{
    bool filled = before->hardware.cores[core].tlb != after->hardware.cores[core].tlb;
    write_walk(machine, before, core, walker, filled ? "ends and fills the TLB" : "ends", text);
}

static void write_drain(const struct litmus_machine *machine, const struct litmus_state *before,
                        unsigned core, unsigned index, struct litmus_text *text)
{
    const struct small_store *store = &before->hardware.cores[core].stores[index];
    litmus_put(text, "P%u: a store becomes visible: %s = %s", core,
               name_place(machine, small_pa_of(machine->hardware, store->word)).text,
               name_value(machine, small_value_of(machine->hardware, store->value)).text);
}

static void write_drop(const struct litmus_machine *machine, const struct litmus_state *before, unsigned core,
                       unsigned place, struct litmus_text *text)
{
    const struct small_invalidation *invalidation = &before->hardware.invalidations[place];
    const struct invalidation *what = small_invalidation_of(machine->hardware, invalidation->what);
    litmus_put(text, "P%u: carries out the invalidation of %s that P%u sent", core,
               what->scope == INVALIDATE_ALL ? "everything" : name_page(machine, what->va),
               invalidation->issuer);
}

static void write_hit(const struct litmus_machine *machine, const struct litmus_state *before, unsigned core,
                      unsigned access, unsigned leaf, struct litmus_text *text)
{
    uint16_t held[SMALL_TLB_ENTRIES];
    unsigned count =
        small_tlb_leaves(machine->hardware, before->hardware.cores[core].tlb, held, SMALL_TLB_ENTRIES);
    litmus_put(text, "%s: hits in the TLB", name_access(machine, before, core, access).text);
    for (unsigned i = 0; i < count && i < SMALL_TLB_ENTRIES; i++)
        if ((held[i] & UINT8_MAX) == leaf)
            litmus_put(text, ": %s", name_leaf(machine, held[i]).text);
}

static void write_read(const struct litmus_machine *machine, const struct litmus_state *before, unsigned core,
                       unsigned index, struct litmus_text *text)
{
    const struct litmus_slot *slot = &before->threads[core].slots[index];
    uint64_t pa = small_pa_of(machine->hardware, slot->word);
    uint8_t value = small_core_reads(machine->hardware, &before->hardware, core, pa);
    litmus_put(text, "%s: reads %s from %s", litmus_name_slot(machine, core, slot).text,
               name_value(machine, small_value_of(machine->hardware, value)).text,
               name_place(machine, pa).text);
}

void litmus_write_step(const struct litmus_machine *machine, uint32_t label,
                       const struct litmus_state *before, const struct litmus_state *after, char *line,
                       size_t bytes)
{
    struct litmus_text text = {line, bytes, 0};
    unsigned core = label >> 16 & UINT8_MAX;
    unsigned index = label >> 8 & UINT8_MAX;
    unsigned detail = label & UINT8_MAX;
    line[0] = '\0';
    switch (label >> 24) {
    case STEP_DRAIN:
        write_drain(machine, before, core, index, &text);
        break;
    case STEP_DROP:
        write_drop(machine, before, core, index, &text);
        break;
    case STEP_WALK_BEGINS:
        if (index < SMALL_ACCESSES)
            litmus_put(&text, "%s: a walk begins", name_access(machine, before, core, index).text);
        else
            litmus_put(&text, "P%u: a walk begins that nobody asked for", core);
        break;
    case STEP_WALK_READS:
        write_walk_read(machine, before, core, index, &text);
        break;
    case STEP_WALK_UPDATES:
        write_walk(machine, before, core, index, "changes the entry", &text);
        break;
    case STEP_WALK_ENDS:
        write_walk_end(machine, before, after, core, index, &text);
        break;
    case STEP_EVICT:
        litmus_put(&text, "P%u: an entry leaves the TLB", core);
        break;
    case STEP_HIT:
        write_hit(machine, before, core, index, detail, &text);
        break;
    case LITMUS_READS:
        write_read(machine, before, core, index, &text);
        break;
    case LITMUS_GUESSES:
        litmus_put(&text, "P%u: guesses that its branch is %s", core, index != 0 ? "taken" : "not taken");
        break;
    default:
        break;
    }
}
