/*
 * Source: Arm Architecture Reference Manual for A-profile, DDI 0487J.a, C4.1 "A64 instruction set encoding":
 * C4.1.93 "Branches, Exception Generating and System instructions" and C4.1.94 "Loads and Stores".
 * SVE and SME are not in the table.
 */
#include "traces/classify.h"

#include <stddef.h>

struct encoding {
    uint32_t mask;
    uint32_t value;
    enum instruction_class instruction_class;
};

/* The first row that fits decides, so an exception stands before its rule. */
static const struct encoding branches_and_system[] = {
    {0x7c000000, 0x14000000, INSTRUCTION_BRANCH},       /* B, BL */
    {0x7c000000, 0x34000000, INSTRUCTION_BRANCH},       /* CBZ, CBNZ, TBZ, TBNZ */
    {0xff000000, 0x54000000, INSTRUCTION_BRANCH},       /* B.cond, BC.cond */
    {0xff000000, 0xd4000000, INSTRUCTION_SYSTEM},       /* SVC, HVC, SMC, BRK, HLT, DCPS */
    {0xffc00000, 0xd6800000, INSTRUCTION_SYSTEM},       /* ERET, ERETAA, ERETAB, DRPS */
    {0xfe000000, 0xd6000000, INSTRUCTION_BRANCH},       /* BR, BLR, RET and their authenticating forms */
    {0xffffffff, 0xd503221f, INSTRUCTION_BARRIER},      /* ESB */
    {0xffffffff, 0xd503223f, INSTRUCTION_BARRIER},      /* PSB CSYNC */
    {0xffffffff, 0xd503225f, INSTRUCTION_BARRIER},      /* TSB CSYNC */
    {0xffffffff, 0xd503229f, INSTRUCTION_BARRIER},      /* CSDB */
    {0xfffff01f, 0xd503201f, INSTRUCTION_OTHER},        /* the other hints: NOP, WFI, BTI, PACIASP ... */
    {0xfffff0ff, 0xd503305f, INSTRUCTION_OTHER},        /* CLREX */
    {0xfffff01f, 0xd503301f, INSTRUCTION_BARRIER},      /* DSB, DMB, ISB, SB */
    {0xfff8e000, 0xd5088000, INSTRUCTION_INVALIDATION}, /* SYS with CRn 8, 9: TLBI, TLBI ...nXS */
    {0xfff8e000, 0xd5488000, INSTRUCTION_INVALIDATION}, /* SYSP with CRn 8, 9: TLBIP */
    {0xff000000, 0xd5000000, INSTRUCTION_SYSTEM},       /* MSR, MRS, AT, DC, IC and other SYS */
};

static const struct encoding loads_and_stores[] = {
    /* exclusive, ordered, compare and swap */
    {0xbfa07c00, 0x08207c00, INSTRUCTION_LOAD_STORE}, /* CASP */
    {0x3fa07c00, 0x08a07c00, INSTRUCTION_LOAD_STORE}, /* CAS */
    {0x3f400000, 0x08400000, INSTRUCTION_LOAD},       /* LDXR, LDXP, LDAR ... */
    {0x3f400000, 0x08000000, INSTRUCTION_STORE},      /* STXR, STXP, STLR ... */
    /* SIMD structures */
    {0xbe400000, 0x0c400000, INSTRUCTION_LOAD},  /* LD1 to LD4 */
    {0xbe400000, 0x0c000000, INSTRUCTION_STORE}, /* ST1 to ST4 */
    /* tags, 128-bit atomics */
    {0xffe00c00, 0xd9600000, INSTRUCTION_LOAD},       /* LDG */
    {0xffe00c00, 0xd9e00000, INSTRUCTION_LOAD},       /* LDGM */
    {0xff200000, 0xd9200000, INSTRUCTION_STORE},      /* STG, STZG, ST2G, STGM ... */
    {0xff200c00, 0x19200000, INSTRUCTION_LOAD_STORE}, /* LDCLRP, LDSETP, SWPP */
    /* memory copy and set */
    {0x3be00c00, 0x19c00400, INSTRUCTION_STORE},      /* SETP, SETM, SETE */
    {0x3b200c00, 0x19000400, INSTRUCTION_LOAD_STORE}, /* CPYP, CPYM, CPYE */
    /* ordered with an unscaled offset */
    {0x3fe00c00, 0x19000000, INSTRUCTION_STORE}, /* STLUR */
    {0x3f200c00, 0x19000000, INSTRUCTION_LOAD},  /* LDAPUR, LDAPURS */
    {0x3b600c00, 0x19000800, INSTRUCTION_STORE}, /* STILP, STLR with write-back, STLUR (SIMD) */
    {0x3b600c00, 0x19400800, INSTRUCTION_LOAD},  /* LDIAPP, LDAPR with write-back, LDAPUR (SIMD) */
    /* literal */
    {0xff000000, 0xd8000000, INSTRUCTION_OTHER}, /* PRFM (literal) */
    {0x3b000000, 0x18000000, INSTRUCTION_LOAD},  /* LDR (literal) */
    /* pairs */
    {0x3a400000, 0x28400000, INSTRUCTION_LOAD},  /* LDP, LDNP, LDPSW */
    {0x3a400000, 0x28000000, INSTRUCTION_STORE}, /* STP, STNP, STGP */
    /* single registers: what is neither a load nor a store, or both */
    {0xffc00000, 0xf9800000, INSTRUCTION_OTHER},      /* PRFM (immediate) */
    {0xffe00c00, 0xf8800000, INSTRUCTION_OTHER},      /* PRFUM */
    {0xffe00c00, 0xf8a00800, INSTRUCTION_OTHER},      /* PRFM (register), RPRFM */
    {0xffe0fc00, 0xf8209000, INSTRUCTION_STORE},      /* ST64B */
    {0xffe0ec00, 0xf820a000, INSTRUCTION_STORE},      /* ST64BV0, ST64BV */
    {0xffe0fc00, 0xf820d000, INSTRUCTION_LOAD},       /* LD64B */
    {0x3fe0fc00, 0x38a0c000, INSTRUCTION_LOAD},       /* LDAPR */
    {0x3f200c00, 0x38200000, INSTRUCTION_LOAD_STORE}, /* LDADD, LDCLR, LDEOR, LDSET, SWP ... */
    {0xff200400, 0xf8200400, INSTRUCTION_LOAD},       /* LDRAA, LDRAB */
    /* single registers: all addressing modes */
    {0x3e400000, 0x3c400000, INSTRUCTION_LOAD},  /* LDR, LDUR (SIMD and floating point) */
    {0x3e400000, 0x3c000000, INSTRUCTION_STORE}, /* STR, STUR (SIMD and floating point) */
    {0x3ec00000, 0x38000000, INSTRUCTION_STORE}, /* STR, STUR, STTR */
    {0x3e000000, 0x38000000, INSTRUCTION_LOAD},  /* LDR, LDRS, LDUR, LDTR ... */
};

static enum instruction_class look_up(const struct encoding *encodings, size_t count, uint32_t word)
{
    for (size_t i = 0; i < count; i++)
        if ((word & encodings[i].mask) == encodings[i].value)
            return encodings[i].instruction_class;
    return INSTRUCTION_OTHER;
}

enum instruction_class classify_aarch64(uint32_t word)
{
    /* C4.1, op1 (bits 28 to 25): x1x0 are loads and stores, 101x branches and system. */
    if ((word & 0x0a000000) == 0x08000000)
        return look_up(loads_and_stores, sizeof loads_and_stores / sizeof loads_and_stores[0], word);
    if ((word & 0x1c000000) == 0x14000000)
        return look_up(branches_and_system, sizeof branches_and_system / sizeof branches_and_system[0], word);
    return INSTRUCTION_OTHER;
}
