/*
 * What class an instruction is of. Capstone's access flags are wrong for many stores and read-modify-write
 * instructions, so the classes come from tables of our own. Internal to traces/.
 */
#ifndef MMUSIM_TRACES_CLASSIFY_H
#define MMUSIM_TRACES_CLASSIFY_H

#include <stdint.h>

#include "traces/decode.h"

struct cs_insn;

/* From the instruction word alone. INSTRUCTION_OTHER also stands for words that the table does not know. */
enum instruction_class classify_aarch64(uint32_t word);

/* From the instruction and its operands, as Capstone (with details on) gives them. */
enum instruction_class classify_x86_64(const struct cs_insn *instruction);

#endif
