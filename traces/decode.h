/*
 * Instruction decoding for traces with instruction bytes. The only header here that stands on Capstone;
 * it is built into a library of its own (mmusim_decode), so that `traces/` works without it.
 */
#ifndef MMUSIM_TRACES_DECODE_H
#define MMUSIM_TRACES_DECODE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum decode_architecture { DECODE_AARCH64, DECODE_X86_64, DECODE_ARCHITECTURES };

enum instruction_class {
    INSTRUCTION_OTHER,
    INSTRUCTION_LOAD,
    INSTRUCTION_STORE,
    INSTRUCTION_LOAD_STORE, /* reads and writes memory */
    INSTRUCTION_BRANCH,
    INSTRUCTION_BARRIER,      /* dsb, dmb, isb, mfence ... */
    INSTRUCTION_INVALIDATION, /* tlbi, invlpg */
    INSTRUCTION_SYSTEM,       /* msr, mrs, at, dc, ic, eret, syscall ... */
    INSTRUCTION_UNKNOWN,      /* neither the decoder nor the tables of classes know these bytes */
    INSTRUCTION_CLASSES
};

struct instruction {
    uint64_t pc;
    char text[96]; /* "ldr x3, [x1, #0x60]"; ".word 0x..." or ".byte ..." when unknown */
    uint8_t instruction_class;
    uint8_t bytes_count;
    uint8_t bytes[16];
};

struct decoder;

struct decoder *decoder_open(enum decode_architecture architecture); /* NULL: no memory or no support */
void decoder_close(struct decoder *decoder);
/*
 * Always gives an answer, which is the decoder's and lives until it is closed; decoded instructions are kept
 * by (pc, bytes), so that a second one is cheap. (Without memory to keep it, the answer lives until the next
 * call.) The class is what the architecture does: a prefetch is no load, a call is a branch whatever it
 * pushes. An instruction can have a class without a name: Capstone 4.0 has none for the atomics of Armv8.1.
 * A decoder serves one thread.
 */
const struct instruction *decoder_decode(struct decoder *decoder, uint64_t pc, const uint8_t *bytes,
                                         size_t bytes_count);
/*
 * Guess from one instruction: 4 bytes and aligned is AArch64. x86-64 has such instructions too, so a trace is
 * of AArch64 only if every one of its instructions says so; `trace_info.architecture` looks at them all.
 */
enum decode_architecture decoder_guess(uint64_t pc, size_t bytes_count);

const char *instruction_class_name(enum instruction_class instruction_class);
const char *decode_architecture_name(enum decode_architecture architecture);

#ifdef __cplusplus
}
#endif
#endif
