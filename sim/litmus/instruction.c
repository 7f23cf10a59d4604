#include <string.h>

#include "sim/litmus/reader.h"

struct word {
    const char *text;
    uint8_t first, second; /* what it stands for */
};

/* How the operands of an instruction are read. */
struct form {
    const char *mnemonic;
    uint8_t opcode;
    bool (*read)(struct litmus_reader *reader, struct litmus_instruction *instruction);
};

static const struct word *find_word(const struct word *words, struct litmus_piece piece)
{
    for (; words->text != NULL; words++)
        if (litmus_piece_is(piece, words->text))
            return words;
    return NULL;
}

static bool need_comma(struct litmus_reader *reader)
{
    return litmus_needs(&reader->lexer, ",", "between operands");
}

static bool read_immediate(struct litmus_reader *reader, struct litmus_instruction *instruction)
{
    (void)litmus_accepts(&reader->lexer, "#");
    instruction->operand = LITMUS_IMMEDIATE;
    return litmus_take_number(&reader->lexer, &instruction->immediate);
}

static bool sees_immediate(struct litmus_reader *reader)
{
    return litmus_sees(&reader->lexer, "#") || litmus_sees_number(&reader->lexer);
}

/* Rm, perhaps with SXTW; #n. */
static bool read_offset(struct litmus_reader *reader, struct litmus_instruction *instruction)
{
    struct litmus_lexer *lexer = &reader->lexer;
    bool wide;
    if (sees_immediate(reader))
        return read_immediate(reader, instruction);
    if (!litmus_read_register(reader, &instruction->index, &wide))
        return false;
    instruction->operand = wide ? LITMUS_REGISTER : LITMUS_SIGNED_WORD;
    if (wide)
        return true;
    if (!need_comma(reader))
        return false;
    return litmus_piece_is(litmus_take_word(lexer), "SXTW") ||
           vectors_fail(lexer->failure,
                        "%s:%u: an offset in a W register is extended; [Xn,Wm,SXTW] would be right",
                        lexer->name, lexer->line);
}

/* Rt,[Xn] */
static bool read_plain_access(struct litmus_reader *reader, struct litmus_instruction *instruction)
{
    bool wide;
    if (!litmus_read_register(reader, &instruction->data, &instruction->wide) || !need_comma(reader) ||
        !litmus_needs(&reader->lexer, "[", "before the address"))
        return false;
    if (!litmus_read_register(reader, &instruction->base, &wide))
        return false;
    return (wide && instruction->base != LITMUS_ZERO_REGISTER) ||
           vectors_fail(reader->lexer.failure, "%s:%u: an address is in an X register; [Xn] would be right",
                        reader->lexer.name, reader->lexer.line);
}

static bool read_ordered_access(struct litmus_reader *reader, struct litmus_instruction *instruction)
{
    return read_plain_access(reader, instruction) && litmus_needs(&reader->lexer, "]", "behind the address");
}

/* Rt,[Xn], Rt,[Xn,#n], Rt,[Xn,Xm], Rt,[Xn,Wm,SXTW] */
static bool read_access(struct litmus_reader *reader, struct litmus_instruction *instruction)
{
    if (!read_plain_access(reader, instruction))
        return false;
    if (litmus_accepts(&reader->lexer, ",") && !read_offset(reader, instruction))
        return false;
    return litmus_needs(&reader->lexer, "]", "behind the address");
}

/* The second operand of a computation: a register as wide as the others, or #n. */
static bool read_operand(struct litmus_reader *reader, struct litmus_instruction *instruction)
{
    bool wide;
    if (sees_immediate(reader))
        return read_immediate(reader, instruction);
    instruction->operand = LITMUS_REGISTER;
    if (!litmus_read_register(reader, &instruction->index, &wide))
        return false;
    return wide == instruction->wide ||
           vectors_fail(reader->lexer.failure,
                        "%s:%u: has X and W registers; all X, or all W, would be right", reader->lexer.name,
                        reader->lexer.line);
}

/* Rd,op */
static bool read_move(struct litmus_reader *reader, struct litmus_instruction *instruction)
{
    return litmus_read_register(reader, &instruction->data, &instruction->wide) && need_comma(reader) &&
           read_operand(reader, instruction);
}

/* Rd,Rn,op */
static bool read_computation(struct litmus_reader *reader, struct litmus_instruction *instruction)
{
    bool wide;
    if (!litmus_read_register(reader, &instruction->data, &instruction->wide) || !need_comma(reader) ||
        !litmus_read_register(reader, &instruction->base, &wide))
        return false;
    if (wide != instruction->wide)
        return vectors_fail(reader->lexer.failure,
                            "%s:%u: has X and W registers; all X, or all W, would be right",
                            reader->lexer.name, reader->lexer.line);
    return need_comma(reader) && read_operand(reader, instruction);
}

static bool read_shift(struct litmus_reader *reader, struct litmus_instruction *instruction)
{
    if (!read_computation(reader, instruction))
        return false;
    int most = instruction->wide ? 63 : 31;
    return (instruction->operand == LITMUS_IMMEDIATE && instruction->immediate >= 0 &&
            instruction->immediate <= most) ||
           vectors_fail(reader->lexer.failure,
                        "%s:%u: shifts by something else than #0 to #%d, which would be right",
                        reader->lexer.name, reader->lexer.line, most);
}

/* A label, which is looked up when all are known. */
static bool read_jump(struct litmus_reader *reader, struct litmus_instruction *instruction)
{
    struct litmus_piece label = litmus_take_word(&reader->lexer);
    if (label.bytes == 0)
        return litmus_expected(&reader->lexer, "the label that the branch goes to");
    reader->jump[reader->jumps].label = label;
    return true;
}

static bool read_tested_jump(struct litmus_reader *reader, struct litmus_instruction *instruction)
{
    return litmus_read_register(reader, &instruction->data, &instruction->wide) && need_comma(reader) &&
           read_jump(reader, instruction);
}

/* DDI 0487, C6.2 DMB and DSB: the values of CRm. */
static const struct word barriers[] = {{"SY", LITMUS_FULL_SYSTEM, LITMUS_BARRIER_ALL},
                                       {"LD", LITMUS_FULL_SYSTEM, LITMUS_BARRIER_LOADS},
                                       {"ST", LITMUS_FULL_SYSTEM, LITMUS_BARRIER_STORES},
                                       {"ISH", LITMUS_INNER, LITMUS_BARRIER_ALL},
                                       {"ISHLD", LITMUS_INNER, LITMUS_BARRIER_LOADS},
                                       {"ISHST", LITMUS_INNER, LITMUS_BARRIER_STORES},
                                       {"OSH", LITMUS_OUTER, LITMUS_BARRIER_ALL},
                                       {"OSHLD", LITMUS_OUTER, LITMUS_BARRIER_LOADS},
                                       {"OSHST", LITMUS_OUTER, LITMUS_BARRIER_STORES},
                                       {"NSH", LITMUS_NON_SHAREABLE, LITMUS_BARRIER_ALL},
                                       {"NSHLD", LITMUS_NON_SHAREABLE, LITMUS_BARRIER_LOADS},
                                       {"NSHST", LITMUS_NON_SHAREABLE, LITMUS_BARRIER_STORES},
                                       {NULL, 0, 0}};

static bool read_barrier(struct litmus_reader *reader, struct litmus_instruction *instruction)
{
    const struct word *word = find_word(barriers, litmus_peek_word(&reader->lexer));
    if (word == NULL)
        return litmus_expected(&reader->lexer,
                               "SY, LD, ST, or one of ISH, OSH, NSH, perhaps with LD or ST behind it,");
    (void)litmus_take_word(&reader->lexer);
    instruction->domain = word->first;
    instruction->barrier_type = word->second;
    return true;
}

/* DDI 0487, C5.5: by address and for everything, at EL1; `second`: broadcast in the Inner Shareable domain.
 */
static const struct word invalidations[] = {{"VMALLE1", LITMUS_TLBI_ALL, 0},
                                            {"VMALLE1IS", LITMUS_TLBI_ALL, 1},
                                            {"VAE1", LITMUS_TLBI_VA, 0},
                                            {"VAE1IS", LITMUS_TLBI_VA, 1},
                                            {"VAAE1", LITMUS_TLBI_VAA, 0},
                                            {"VAAE1IS", LITMUS_TLBI_VAA, 1},
                                            {"VALE1", LITMUS_TLBI_VAL, 0},
                                            {"VALE1IS", LITMUS_TLBI_VAL, 1},
                                            {"VAALE1", LITMUS_TLBI_VAAL, 0},
                                            {"VAALE1IS", LITMUS_TLBI_VAAL, 1},
                                            {NULL, 0, 0}};

static bool read_invalidation(struct litmus_reader *reader, struct litmus_instruction *instruction)
{
    struct litmus_lexer *lexer = &reader->lexer;
    const struct word *word = find_word(invalidations, litmus_peek_word(lexer));
    if (word == NULL)
        return litmus_expected(lexer, "VAE1, VAAE1, VALE1, VAALE1 or VMALLE1, perhaps with IS behind it,");
    (void)litmus_take_word(lexer);
    instruction->invalidation = word->first;
    instruction->broadcast = word->second != 0;
    instruction->wide = true;
    instruction->data = LITMUS_ZERO_REGISTER;
    if (word->first == LITMUS_TLBI_ALL)
        return true;
    bool wide;
    if (!need_comma(reader) || !litmus_read_register(reader, &instruction->data, &wide))
        return false;
    return wide || vectors_fail(lexer->failure, "%s:%u: TLBI takes its page from an X register", lexer->name,
                                lexer->line);
}

static const struct form forms[] = {
    {"LDR", LITMUS_LDR, read_access},
    {"STR", LITMUS_STR, read_access},
    {"LDAR", LITMUS_LDAR, read_ordered_access},
    {"STLR", LITMUS_STLR, read_ordered_access},
    {"MOV", LITMUS_MOV, read_move},
    {"ADD", LITMUS_ADD, read_computation},
    {"SUB", LITMUS_SUB, read_computation},
    {"EOR", LITMUS_EOR, read_computation},
    {"AND", LITMUS_AND, read_computation},
    {"ORR", LITMUS_ORR, read_computation},
    {"LSR", LITMUS_LSR, read_shift},
    {"LSL", LITMUS_LSL, read_shift},
    {"CBZ", LITMUS_CBZ, read_tested_jump},
    {"CBNZ", LITMUS_CBNZ, read_tested_jump},
    {"B", LITMUS_B, read_jump},
    {"DMB", LITMUS_DMB, read_barrier},
    {"DSB", LITMUS_DSB, read_barrier},
    {"ISB", LITMUS_ISB, NULL},
    {"NOP", LITMUS_NOP, NULL},
    {"TLBI", LITMUS_TLBI, read_invalidation},
    {NULL, 0, NULL},
};

static bool refuse_mnemonic(struct litmus_reader *reader, struct litmus_piece mnemonic)
{
    return vectors_fail(
        reader->lexer.failure,
        "%s:%u: the instruction %s is not known; LDR, STR, LDAR, STLR, MOV, ADD, SUB, EOR, AND, ORR, "
        "LSR, LSL, CBZ, CBNZ, B, DMB, DSB, ISB, TLBI and NOP are",
        reader->lexer.name, mnemonic.line, vectors_quote(mnemonic.text, mnemonic.bytes).text);
}

bool litmus_read_instruction(struct litmus_reader *reader, uint8_t thread, struct litmus_piece mnemonic)
{
    struct litmus_thread *code = &reader->test->thread[thread];
    const struct form *form = forms;
    while (form->mnemonic != NULL && !litmus_piece_is(mnemonic, form->mnemonic))
        form++;
    if (form->mnemonic == NULL)
        return refuse_mnemonic(reader, mnemonic);
    if (code->instructions == LITMUS_INSTRUCTIONS)
        return vectors_fail(reader->lexer.failure,
                            "%s:%u: P%u has more than %d instructions, which is the most", reader->lexer.name,
                            mnemonic.line, thread, LITMUS_INSTRUCTIONS);
    struct litmus_instruction *instruction = &code->code[code->instructions];
    *instruction = (struct litmus_instruction){.opcode = form->opcode};
    if (form->read != NULL && !form->read(reader, instruction))
        return false;
    if (form->opcode == LITMUS_B || form->opcode == LITMUS_CBZ || form->opcode == LITMUS_CBNZ) {
        reader->jump[reader->jumps].thread = thread;
        reader->jump[reader->jumps++].instruction = code->instructions;
    }
    code->instructions++;
    return true;
}
