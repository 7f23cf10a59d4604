/* Walks through RISC-V entries made by hand, for tests. */
#ifndef MMUSIM_PAGETABLES_TEST_RISCV_WALKS_H
#define MMUSIM_PAGETABLES_TEST_RISCV_WALKS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "pagetables/riscv.h"

#define KIB UINT64_C(1024)
#define MIB (1024 * KIB)
#define GIB (1024 * MIB)

#define ROOT UINT64_C(0x80010000)

/* Flags of an ordinary leaf. */
#define VRWX (RISCV_V | RISCV_R | RISCV_W | RISCV_X)
#define LEAF (VRWX | RISCV_A | RISCV_D)

static const struct walk_format *const stage1[] = {&riscv_sv39, &riscv_sv48, &riscv_sv57};
static const struct walk_format *const stage2[] = {&riscv_sv39x4, &riscv_sv48x4, &riscv_sv57x4};
static const struct walk_format *const formats[] = {&riscv_sv39,   &riscv_sv48,   &riscv_sv57,
                                                    &riscv_sv39x4, &riscv_sv48x4, &riscv_sv57x4};

#define FORMATS (sizeof formats / sizeof *formats)

static inline uint64_t ppn(uint64_t pa)
{
    return pa >> 12 << 10;
}

/* A leaf that the format of either stage takes. */
static inline uint64_t leaf_of(const struct walk_format *format, uint64_t word)
{
    return format->stage2 ? word | RISCV_U : word;
}

static inline struct translation_regime regime_of(const struct walk_format *format)
{
    return (struct translation_regime){
        .format = format, .root = ROOT, .physical_size_lg2 = 56, .contiguous = true};
}

/* A walk through pointers to tables that all stand at 0x81000000 + level pages, down to `word` at `level`. */
struct walked {
    struct walk_state walk;
    enum walk_status status;
};

static inline struct walked walk_to(const struct translation_regime *regime, uint64_t va, unsigned level,
                                    uint64_t word)
{
    const struct walk_format *format = regime->format;
    struct walked walked;
    walked.status = format->start(&walked.walk, regime, va);
    for (unsigned at = format->levels - 1u; walked.status == WALK_FETCH; at--) {
        uint64_t pointer = ppn(UINT64_C(0x81000000) + at * 4 * KIB) | RISCV_V;
        walked.status = format->resume(&walked.walk, at == level ? &word : &pointer);
        if (at == level)
            break;
    }
    return walked;
}

static inline void assert_fault(const struct walked *walked, enum fault_kind kind, unsigned level)
{
    assert_int_equal(walked->status, WALK_FAULT);
    assert_int_equal(walked->walk.fault, kind);
    assert_int_equal(walked->walk.fault_level, level);
    assert_int_equal(walked->walk.fetches, 0);
}

#endif
