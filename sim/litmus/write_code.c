#include "sim/litmus/write.h"

#include <inttypes.h>
#include <string.h>

#define CELL_BYTES 64

struct register_name {
    char text[8];
};

static struct register_name name_register(uint8_t number, bool wide)
{
    struct register_name name = {""};
    struct litmus_text text = {name.text, sizeof name.text, 0};
    if (number == LITMUS_ZERO_REGISTER)
        litmus_put(&text, wide ? "XZR" : "WZR");
    else
        litmus_put(&text, "%c%u", wide ? 'X' : 'W', (unsigned)number);
    return name;
}

static const char *const mnemonics[] = {
    [LITMUS_NOP] = "NOP",   [LITMUS_LDR] = "LDR", [LITMUS_STR] = "STR",   [LITMUS_LDAR] = "LDAR",
    [LITMUS_STLR] = "STLR", [LITMUS_MOV] = "MOV", [LITMUS_ADD] = "ADD",   [LITMUS_SUB] = "SUB",
    [LITMUS_EOR] = "EOR",   [LITMUS_AND] = "AND", [LITMUS_ORR] = "ORR",   [LITMUS_LSR] = "LSR",
    [LITMUS_LSL] = "LSL",   [LITMUS_CBZ] = "CBZ", [LITMUS_CBNZ] = "CBNZ", [LITMUS_B] = "B",
    [LITMUS_DMB] = "DMB",   [LITMUS_DSB] = "DSB", [LITMUS_ISB] = "ISB",   [LITMUS_TLBI] = "TLBI"};

static void put_operand(struct litmus_text *text, const struct litmus_instruction *instruction)
{
    if (instruction->operand == LITMUS_IMMEDIATE)
        litmus_put(text, ",#%" PRId64, instruction->immediate);
    else
        litmus_put(text, ",%s", name_register(instruction->index, instruction->wide).text);
}

static void put_access(struct litmus_text *text, const struct litmus_instruction *instruction)
{
    litmus_put(text, " %s,[%s", name_register(instruction->data, instruction->wide).text,
               name_register(instruction->base, true).text);
    if (instruction->operand == LITMUS_SIGNED_WORD)
        litmus_put(text, ",%s,SXTW", name_register(instruction->index, false).text);
    else if (instruction->operand == LITMUS_REGISTER)
        litmus_put(text, ",%s", name_register(instruction->index, true).text);
    else if (instruction->immediate != 0)
        litmus_put(text, ",#%" PRId64, instruction->immediate);
    litmus_put(text, "]");
}

static void put_barrier(struct litmus_text *text, const struct litmus_instruction *instruction)
{
    static const char *const domains[] = {"", "OSH", "ISH", "NSH"};
    static const char *const types[] = {"", "LD", "ST"};
    bool plain = instruction->domain == LITMUS_FULL_SYSTEM && instruction->barrier_type == LITMUS_BARRIER_ALL;
    litmus_put(text, " %s%s", plain ? "SY" : domains[instruction->domain], types[instruction->barrier_type]);
}

static void put_invalidation(struct litmus_text *text, const struct litmus_instruction *instruction)
{
    static const char *const operations[] = {"VMALLE1", "VAE1", "VAAE1", "VALE1", "VAALE1"};
    litmus_put(text, " %s%s", operations[instruction->invalidation], instruction->broadcast ? "IS" : "");
    if (instruction->invalidation != LITMUS_TLBI_ALL)
        litmus_put(text, ",%s", name_register(instruction->data, true).text);
}

static const char *label_at(const struct litmus_thread *thread, unsigned instruction)
{
    for (unsigned i = 0; i < thread->labels; i++)
        if (thread->label[i].instruction == instruction)
            return thread->label[i].name;
    return "?";
}

void litmus_put_instruction(struct litmus_text *text, const struct litmus_thread *thread,
                            const struct litmus_instruction *instruction)
{
    litmus_put(text, "%s", mnemonics[instruction->opcode]);
    switch ((enum litmus_opcode)instruction->opcode) {
    case LITMUS_NOP:
    case LITMUS_ISB:
        break;
    case LITMUS_LDR:
    case LITMUS_STR:
    case LITMUS_LDAR:
    case LITMUS_STLR:
        put_access(text, instruction);
        break;
    case LITMUS_MOV:
        litmus_put(text, " %s", name_register(instruction->data, instruction->wide).text);
        put_operand(text, instruction);
        break;
    case LITMUS_ADD:
    case LITMUS_SUB:
    case LITMUS_EOR:
    case LITMUS_AND:
    case LITMUS_ORR:
    case LITMUS_LSR:
    case LITMUS_LSL:
        litmus_put(text, " %s,%s", name_register(instruction->data, instruction->wide).text,
                   name_register(instruction->base, instruction->wide).text);
        put_operand(text, instruction);
        break;
    case LITMUS_CBZ:
    case LITMUS_CBNZ:
        litmus_put(text, " %s,%s", name_register(instruction->data, instruction->wide).text,
                   label_at(thread, instruction->target));
        break;
    case LITMUS_B:
        litmus_put(text, " %s", label_at(thread, instruction->target));
        break;
    case LITMUS_DMB:
    case LITMUS_DSB:
        put_barrier(text, instruction);
        break;
    case LITMUS_TLBI:
        put_invalidation(text, instruction);
        break;
    }
}

/* ---- The table ---- */

struct cell {
    char text[CELL_BYTES];
};

/* The cells of one thread from above: its labels, each in a row of its own, and its instructions. */
static struct cell cell_at(const struct litmus_thread *thread, unsigned row)
{
    struct cell cell = {""};
    struct litmus_text text = {cell.text, sizeof cell.text, 0};
    unsigned label = 0;
    for (unsigned instruction = 0; instruction <= thread->instructions; instruction++) {
        for (; label < thread->labels && thread->label[label].instruction == instruction; label++)
            if (row-- == 0) {
                litmus_put(&text, "%s:", thread->label[label].name);
                return cell;
            }
        if (instruction < thread->instructions && row-- == 0) {
            litmus_put_instruction(&text, thread, &thread->code[instruction]);
            return cell;
        }
    }
    return cell;
}

static void put_cell(struct litmus_text *text, const char *cell, size_t width, bool last)
{
    litmus_put(text, " %-*s %s", (int)width, cell, last ? ";\n" : "|");
}

void litmus_put_code(struct litmus_text *text, const struct litmus_test *test)
{
    size_t width[LITMUS_THREADS] = {0};
    unsigned rows = 0;
    for (unsigned i = 0; i < test->threads; i++) {
        const struct litmus_thread *thread = &test->thread[i];
        unsigned own = (unsigned)thread->instructions + thread->labels;
        width[i] = 2;
        rows = own > rows ? own : rows;
        for (unsigned row = 0; row < own; row++) {
            size_t bytes = strlen(cell_at(thread, row).text);
            width[i] = bytes > width[i] ? bytes : width[i];
        }
    }
    for (unsigned i = 0; i < test->threads; i++) {
        const char name[] = {'P', (char)('0' + i), '\0'};
        put_cell(text, name, width[i], i + 1 == test->threads);
    }
    for (unsigned row = 0; row < rows; row++)
        for (unsigned i = 0; i < test->threads; i++)
            put_cell(text, cell_at(&test->thread[i], row).text, width[i], i + 1 == test->threads);
}
