#include "mmu/memory_access.h"

#include <string.h>

#include "mmu/coherence.h"
#include "mmu/core.h"

#define LINE_BYTES_MAX 128u

static void compare_exchange(struct memory *memory, struct bus_request *request)
{
    request->old_value = memory_read(memory, request->pa, 8);
    if (request->old_value == request->expected)
        memory_write(memory, request->pa, 8, request->value);
    request->value = request->old_value;
}

static void read_words(struct memory *memory, struct bus_request *request)
{
    for (uint32_t i = 0; i < request->size_bytes / 8; i++)
        if (!(request->forwarded >> i & 1))
            request->words[i] = memory_read_word(memory, request->pa + 8 * i);
}

static void access_memory(struct memory *memory, struct bus_request *request)
{
    uint64_t pa = request->pa;
    uint32_t size_bytes = request->size_bytes;
    switch ((enum memory_transaction_kind)request->kind) {
    case MEMORY_READ:
        if (request->words && size_bytes == 8)
            *request->words = memory_read_word(memory, pa);
        else if (request->words)
            read_words(memory, request);
        else
            request->value = size_bytes == 8 && pa % 8 == 0
                                 ? memory_read_word(memory, pa)
                                 : memory_read(memory, pa, size_bytes < 8 ? size_bytes : 8);
        break;
    case MEMORY_WRITE:
        if (request->want_old)
            request->old_value = memory_read(memory, pa, 8);
        for (uint32_t done = 0; done < size_bytes; done += 8)
            memory_write(memory, pa + done, size_bytes - done < 8 ? size_bytes - done : 8, request->value);
        break;
    case MEMORY_COMPARE_EXCHANGE:
        compare_exchange(memory, request);
        break;
    case MEMORY_CLEAR:
        memory_clear(memory, pa, size_bytes);
        break;
    }
}

/* ---- foreign memory ---------------------------------------------------------------------------- */

static const char *const transaction_names[] = {"a read", "a write", "a compare-exchange", "a clear"};

static bool ask_port(struct machine *machine, struct memory_transaction *transaction)
{
    uint64_t least = machine->config.memory_latency_cycles;
    transaction->latency_cycles = least;
    bool present = machine->port.access(machine->port.context, transaction);
    if (transaction->error)
        machine_fail(machine, "%s", transaction->error);
    if (transaction->latency_cycles < least)
        machine_fail(
            machine,
            "foreign memory answered %s of 0x%llx after %llu cycles; memory.latency promises %llu at "
            "the least",
            transaction_names[transaction->kind], (unsigned long long)transaction->pa,
            (unsigned long long)transaction->latency_cycles, (unsigned long long)least);
    return present;
}

/* Of a foreign memory's answer, what was not known already. */
static void take_words(struct bus_request *request, const uint8_t *data)
{
    for (uint32_t i = 0; i < request->size_bytes / 8; i++)
        if (!(request->forwarded >> i & 1))
            memcpy(&request->words[i], data + 8 * i, sizeof request->words[i]);
}

/* The foreign memory answers; ours keeps a copy, so that peeks and old values need no second interface. */
static uint64_t access_port(struct machine *machine, const struct core *core, struct bus_request *request)
{
    uint8_t data[8 * WALK_FETCH_WORDS_MAX] = {0};
    bool wide = request->words && request->size_bytes > 8;
    struct memory_transaction transaction = {.pa = request->pa,
                                             .data = wide ? data : NULL,
                                             .value = request->value,
                                             .expected = request->expected,
                                             .grant_cycle = request->grant_cycle,
                                             .size_bytes = request->size_bytes,
                                             .kind = request->kind,
                                             .core = (uint8_t)core->index};
    bool present = ask_port(machine, &transaction);
    if (present)
        access_memory(&machine->memory, request);
    request->aborted = !present;
    if (present && wide)
        take_words(request, data);
    else if (request->words)
        request->words[0] = transaction.value;
    else if (request->kind == MEMORY_READ || request->kind == MEMORY_COMPARE_EXCHANGE)
        request->value = transaction.value;
    return transaction.latency_cycles;
}

uint64_t memory_access_direct(struct machine *machine, const struct core *core, struct bus_request *request)
{
    if (!memory_contains(&machine->memory, request->pa, request->size_bytes))
        request->aborted = true;
    else if (machine->port.access)
        return access_port(machine, core, request);
    else
        access_memory(&machine->memory, request);
    return machine->config.memory_latency_cycles;
}

/* ---- lines ------------------------------------------------------------------------------------- */

static uint64_t access_line(struct machine *machine, struct line_transaction *line, uint8_t *data,
                            enum memory_transaction_kind kind)
{
    uint32_t line_lg2 = machine->memory_system.line_lg2;
    struct memory_transaction transaction = {.pa = line->line << line_lg2,
                                             .grant_cycle = line->grant_cycle,
                                             .data = data,
                                             .size_bytes = 1u << line_lg2,
                                             .kind = (uint8_t)kind,
                                             .core = (uint8_t)line->core->index};
    line->absent = !ask_port(machine, &transaction);
    return transaction.latency_cycles;
}

uint64_t memory_access_read_line(struct machine *machine, struct line_transaction *line)
{
    uint8_t data[LINE_BYTES_MAX];
    uint32_t line_lg2 = machine->memory_system.line_lg2;
    if (!machine->port.access)
        return machine->config.memory_latency_cycles;
    memset(data, 0, sizeof data);
    uint64_t latency = access_line(machine, line, data, MEMORY_READ);
    for (uint32_t done = 0; !line->absent && done < 1u << line_lg2; done += 8) {
        uint64_t word;
        memcpy(&word, data + done, sizeof word);
        memory_write(&machine->memory, (line->line << line_lg2) + done, 8, word);
    }
    return latency;
}

uint64_t memory_access_write_line(struct machine *machine, struct line_transaction *line)
{
    uint8_t data[LINE_BYTES_MAX];
    uint32_t line_lg2 = machine->memory_system.line_lg2;
    if (!machine->port.access)
        return machine->config.memory_latency_cycles;
    for (uint32_t done = 0; done < 1u << line_lg2; done += 8) {
        uint64_t word = memory_read(&machine->memory, (line->line << line_lg2) + done, 8);
        memcpy(data + done, &word, sizeof word);
    }
    return access_line(machine, line, data, MEMORY_WRITE);
}

void memory_access_cached(struct machine *machine, const struct core *core, struct bus_request *request)
{
    uint32_t line_lg2 = machine->memory_system.line_lg2;
    uint64_t first = request->pa >> line_lg2;
    uint64_t last = (request->pa + request->size_bytes - 1) >> line_lg2;
    access_memory(&machine->memory, request);
    if (first == last || request->kind == MEMORY_READ || !machine->port.access)
        return;
    for (uint64_t line = first; line <= last; line++) {
        struct line_transaction transaction = {
            .core = core, .line = line, .grant_cycle = request->grant_cycle};
        if (!coherence_is_dirty(machine, line))
            (void)memory_access_write_line(machine, &transaction);
    }
}
