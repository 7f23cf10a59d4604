/* Classes of instructions. The encodings are an assembler's (LLVM 14), not those of the decoder's library. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "traces/decode.h"
#include "traces/trace.h"

struct aarch64_case {
    uint32_t word;
    enum instruction_class instruction_class;
    const char *text;
};

struct x86_64_case {
    uint8_t bytes[15];
    size_t bytes_count;
    enum instruction_class instruction_class;
    const char *text;
};

/* clang-format off */
static const struct aarch64_case aarch64_cases[] = {
    {0xf9403023, INSTRUCTION_LOAD, "ldr x3, [x1, #0x60]"},
    {0xb8404423, INSTRUCTION_LOAD, "ldr w3, [x1], #4"},
    {0x38626823, INSTRUCTION_LOAD, "ldrb w3, [x1, x2]"},
    {0xb89fcc23, INSTRUCTION_LOAD, "ldrsw x3, [x1, #-4]!"},
    {0x39c00023, INSTRUCTION_LOAD, "ldrsb w3, [x1]"},
    {0x79800023, INSTRUCTION_LOAD, "ldrsh x3, [x1]"},
    {0xf8400823, INSTRUCTION_LOAD, "ldtr x3, [x1]"},
    {0x58000203, INSTRUCTION_LOAD, "ldr x3, #64"},
    {0x98000203, INSTRUCTION_LOAD, "ldrsw x3, #64"},
    {0x9c000203, INSTRUCTION_LOAD, "ldr q3, #64"},
    {0x3dc00023, INSTRUCTION_LOAD, "ldr q3, [x1]"},
    {0xfc5ff023, INSTRUCTION_LOAD, "ldur d3, [x1, #-1]"},
    {0x3c401423, INSTRUCTION_LOAD, "ldr b3, [x1], #1"},
    {0xa8c113e3, INSTRUCTION_LOAD, "ldp x3, x4, [sp], #16"},
    {0xac4013e3, INSTRUCTION_LOAD, "ldnp q3, q4, [sp]"},
    {0x694013e3, INSTRUCTION_LOAD, "ldpsw x3, x4, [sp]"},
    {0x4c407020, INSTRUCTION_LOAD, "ld1 { v0.16b }, [x1]"},
    {0x0cdf0020, INSTRUCTION_LOAD, "ld4 { v0.8b, v1.8b, v2.8b, v3.8b }, [x1], #32"},
    {0x0d40c020, INSTRUCTION_LOAD, "ld1r { v0.8b }, [x1]"},
    {0xc85f7c23, INSTRUCTION_LOAD, "ldxr x3, [x1]"},
    {0xc87f9023, INSTRUCTION_LOAD, "ldaxp x3, x4, [x1]"},
    {0x88dffc23, INSTRUCTION_LOAD, "ldar w3, [x1]"},
    {0x38bfc023, INSTRUCTION_LOAD, "ldaprb w3, [x1]"},
    {0xf8bfc023, INSTRUCTION_LOAD, "ldapr x3, [x1]"},
    {0x99800023, INSTRUCTION_LOAD, "ldapursw x3, [x1]"},
    {0xf8201c23, INSTRUCTION_LOAD, "ldraa x3, [x1, #8]!"},
    {0xd9600023, INSTRUCTION_LOAD, "ldg x3, [x1]"},
    {0xd9e00023, INSTRUCTION_LOAD, "ldgm x3, [x1]"},
    {0xf83fd020, INSTRUCTION_LOAD, "ld64b x0, [x1]"},
    {0xf9000023, INSTRUCTION_STORE, "str x3, [x1]"},
    {0xb8227823, INSTRUCTION_STORE, "str w3, [x1, x2, lsl #2]"},
    {0x38001423, INSTRUCTION_STORE, "strb w3, [x1], #1"},
    {0x78001023, INSTRUCTION_STORE, "sturh w3, [x1, #1]"},
    {0xf8000823, INSTRUCTION_STORE, "sttr x3, [x1]"},
    {0x3c810c23, INSTRUCTION_STORE, "str q3, [x1, #16]!"},
    {0xbc000023, INSTRUCTION_STORE, "stur s3, [x1]"},
    {0xa9bf7bfd, INSTRUCTION_STORE, "stp x29, x30, [sp, #-16]!"},
    {0x280013e3, INSTRUCTION_STORE, "stnp w3, w4, [sp]"},
    {0xad0013e3, INSTRUCTION_STORE, "stp q3, q4, [sp]"},
    {0x4c007020, INSTRUCTION_STORE, "st1 { v0.16b }, [x1]"},
    {0x0d002420, INSTRUCTION_STORE, "st3 { v0.b, v1.b, v2.b }[1], [x1]"},
    {0xc8057c23, INSTRUCTION_STORE, "stxr w5, x3, [x1]"},
    {0xc8259023, INSTRUCTION_STORE, "stlxp w5, x3, x4, [x1]"},
    {0xc89ffc23, INSTRUCTION_STORE, "stlr x3, [x1]"},
    {0x089f7c23, INSTRUCTION_STORE, "stllrb w3, [x1]"},
    {0xd9008023, INSTRUCTION_STORE, "stlur x3, [x1, #8]"},
    {0xd9200823, INSTRUCTION_STORE, "stg x3, [x1]"},
    {0xd9a01423, INSTRUCTION_STORE, "st2g x3, [x1], #16"},
    {0xd9200023, INSTRUCTION_STORE, "stzgm x3, [x1]"},
    {0x69001023, INSTRUCTION_STORE, "stgp x3, x4, [x1]"},
    {0xf83f9020, INSTRUCTION_STORE, "st64b x0, [x1]"},
    {0xf825b020, INSTRUCTION_STORE, "st64bv x5, x0, [x1]"},
    {0x19c20420, INSTRUCTION_STORE, "setp [x0]!, x1!, x2"},
    {0xb8230024, INSTRUCTION_LOAD_STORE, "ldadd w3, w4, [x1]"},
    {0xf8e38024, INSTRUCTION_LOAD_STORE, "swpal x3, x4, [x1]"},
    {0xf823303f, INSTRUCTION_LOAD_STORE, "stset x3, [x1]"},
    {0x38236024, INSTRUCTION_LOAD_STORE, "ldumaxb w3, w4, [x1]"},
    {0xc8a37c24, INSTRUCTION_LOAD_STORE, "cas x3, x4, [x1]"},
    {0x48e3fc24, INSTRUCTION_LOAD_STORE, "casalh w3, w4, [x1]"},
    {0x48227c24, INSTRUCTION_LOAD_STORE, "casp x2, x3, x4, x5, [x1]"},
    {0x19010440, INSTRUCTION_LOAD_STORE, "cpyfp [x0]!, [x1]!, x2!"},
    {0x1d810440, INSTRUCTION_LOAD_STORE, "cpye [x0]!, [x1]!, x2!"},
    {0xf9800020, INSTRUCTION_OTHER, "prfm pldl1keep, [x1]"},
    {0xd8000200, INSTRUCTION_OTHER, "prfm pldl1keep, #64"},
    {0xf89ff020, INSTRUCTION_OTHER, "prfum pldl1keep, [x1, #-1]"},
    {0xf8a26820, INSTRUCTION_OTHER, "prfm pldl1keep, [x1, x2]"},
    {0x8b020020, INSTRUCTION_OTHER, "add x0, x1, x2"},
    {0x1e622820, INSTRUCTION_OTHER, "fadd d0, d1, d2"},
    {0xd503201f, INSTRUCTION_OTHER, "nop"},
    {0xd503207f, INSTRUCTION_OTHER, "wfi"},
    {0xd503245f, INSTRUCTION_OTHER, "bti c"},
    {0xd503233f, INSTRUCTION_OTHER, "paciasp"},
    {0xd5033f5f, INSTRUCTION_OTHER, "clrex"},
    {0xb0000000, INSTRUCTION_OTHER, "adrp x0, #4096"},
    {0x14000010, INSTRUCTION_BRANCH, "b #64"},
    {0x94000010, INSTRUCTION_BRANCH, "bl #64"},
    {0x54000201, INSTRUCTION_BRANCH, "b.ne #64"},
    {0xb4000203, INSTRUCTION_BRANCH, "cbz x3, #64"},
    {0x37180203, INSTRUCTION_BRANCH, "tbnz w3, #3, #64"},
    {0xd61f0060, INSTRUCTION_BRANCH, "br x3"},
    {0xd63f0060, INSTRUCTION_BRANCH, "blr x3"},
    {0xd65f03c0, INSTRUCTION_BRANCH, "ret"},
    {0xd65f0bff, INSTRUCTION_BRANCH, "retaa"},
    {0xd61f087f, INSTRUCTION_BRANCH, "braaz x3"},
    {0xd5033b9f, INSTRUCTION_BARRIER, "dsb ish"},
    {0xd50339bf, INSTRUCTION_BARRIER, "dmb ishld"},
    {0xd5033fdf, INSTRUCTION_BARRIER, "isb"},
    {0xd50330ff, INSTRUCTION_BARRIER, "sb"},
    {0xd503221f, INSTRUCTION_BARRIER, "esb"},
    {0xd503229f, INSTRUCTION_BARRIER, "csdb"},
    {0xd508831f, INSTRUCTION_INVALIDATION, "tlbi vmalle1is"},
    {0xd5088323, INSTRUCTION_INVALIDATION, "tlbi vae1is, x3"},
    {0xd5088743, INSTRUCTION_INVALIDATION, "tlbi aside1, x3"},
    {0xd5088223, INSTRUCTION_INVALIDATION, "tlbi rvae1is, x3"},
    {0xd50c8423, INSTRUCTION_INVALIDATION, "tlbi ipas2e1, x3"},
    {0xd50c871f, INSTRUCTION_INVALIDATION, "tlbi alle2"},
    {0xd5182003, INSTRUCTION_SYSTEM, "msr ttbr0_el1, x3"},
    {0xd5385203, INSTRUCTION_SYSTEM, "mrs x3, esr_el1"},
    {0xd50342df, INSTRUCTION_SYSTEM, "msr daifset, #2"},
    {0xd5087803, INSTRUCTION_SYSTEM, "at s1e1r, x3"},
    {0xd50b7e23, INSTRUCTION_SYSTEM, "dc civac, x3"},
    {0xd50b7423, INSTRUCTION_SYSTEM, "dc zva, x3"},
    {0xd508711f, INSTRUCTION_SYSTEM, "ic ialluis"},
    {0xd4000001, INSTRUCTION_SYSTEM, "svc #0"},
    {0xd4000002, INSTRUCTION_SYSTEM, "hvc #0"},
    {0xd4200020, INSTRUCTION_SYSTEM, "brk #1"},
    {0xd69f03e0, INSTRUCTION_SYSTEM, "eret"},
    {0xd69f0bff, INSTRUCTION_SYSTEM, "eretaa"},
};

static const struct x86_64_case x86_64_cases[] = {
    {{0x48, 0x8b, 0x46, 0x08}, 4, INSTRUCTION_LOAD, "mov rax, qword ptr [rsi + 8]"},
    {{0x0f, 0xb6, 0x06}, 3, INSTRUCTION_LOAD, "movzx eax, byte ptr [rsi]"},
    {{0x48, 0x03, 0x06}, 3, INSTRUCTION_LOAD, "add rax, qword ptr [rsi]"},
    {{0x48, 0x83, 0x3e, 0x01}, 4, INSTRUCTION_LOAD, "cmp qword ptr [rsi], 1"},
    {{0xf6, 0x06, 0x01}, 3, INSTRUCTION_LOAD, "test byte ptr [rsi], 1"},
    {{0x0f, 0xba, 0x26, 0x03}, 4, INSTRUCTION_LOAD, "bt dword ptr [rsi], 3"},
    {{0x48, 0xf7, 0x26}, 3, INSTRUCTION_LOAD, "mul qword ptr [rsi]"},
    {{0xf7, 0x3e}, 2, INSTRUCTION_LOAD, "idiv dword ptr [rsi]"},
    {{0x58}, 1, INSTRUCTION_LOAD, "pop rax"},
    {{0x9d}, 1, INSTRUCTION_LOAD, "popfq"},
    {{0xc9}, 1, INSTRUCTION_LOAD, "leave"},
    {{0x0f, 0x10, 0x06}, 3, INSTRUCTION_LOAD, "movups xmm0, xmmword ptr [rsi]"},
    {{0xf2, 0x0f, 0x10, 0x06}, 4, INSTRUCTION_LOAD, "movsd xmm0, qword ptr [rsi]"},
    {{0xc5, 0xfe, 0x6f, 0x06}, 4, INSTRUCTION_LOAD, "vmovdqu ymm0, ymmword ptr [rsi]"},
    {{0x66, 0x0f, 0xfe, 0x06}, 4, INSTRUCTION_LOAD, "paddd xmm0, xmmword ptr [rsi]"},
    {{0xac}, 1, INSTRUCTION_LOAD, "lodsb"},
    {{0xae}, 1, INSTRUCTION_LOAD, "scasb"},
    {{0xa6}, 1, INSTRUCTION_LOAD, "cmpsb"},
    {{0xa7}, 1, INSTRUCTION_LOAD, "cmpsd"},
    {{0xd7}, 1, INSTRUCTION_LOAD, "xlatb"},
    {{0xdd, 0x06}, 2, INSTRUCTION_LOAD, "fld qword ptr [rsi]"},
    {{0xd8, 0x06}, 2, INSTRUCTION_LOAD, "fadd dword ptr [rsi]"},
    {{0xd9, 0x2e}, 2, INSTRUCTION_LOAD, "fldcw word ptr [rsi]"},
    {{0x0f, 0xae, 0x16}, 3, INSTRUCTION_LOAD, "ldmxcsr dword ptr [rsi]"},
    {{0x0f, 0xae, 0x0e}, 3, INSTRUCTION_LOAD, "fxrstor [rsi]"},
    {{0x0f, 0xae, 0x2e}, 3, INSTRUCTION_LOAD, "xrstor [rsi]"},
    {{0x48, 0x0f, 0x44, 0x06}, 4, INSTRUCTION_LOAD, "cmove rax, qword ptr [rsi]"},
    {{0x48, 0x89, 0x06}, 3, INSTRUCTION_STORE, "mov qword ptr [rsi], rax"},
    {{0xc6, 0x06, 0x01}, 3, INSTRUCTION_STORE, "mov byte ptr [rsi], 1"},
    {{0x0f, 0x11, 0x06}, 3, INSTRUCTION_STORE, "movups xmmword ptr [rsi], xmm0"},
    {{0xf2, 0x0f, 0x11, 0x06}, 4, INSTRUCTION_STORE, "movsd qword ptr [rsi], xmm0"},
    {{0xc5, 0xfe, 0x7f, 0x06}, 4, INSTRUCTION_STORE, "vmovdqu ymmword ptr [rsi], ymm0"},
    {{0x0f, 0xc3, 0x06}, 3, INSTRUCTION_STORE, "movnti dword ptr [rsi], eax"},
    {{0x66, 0x0f, 0x3a, 0x15, 0x06, 0x01}, 6, INSTRUCTION_STORE, "pextrw word ptr [rsi], xmm0, 1"},
    {{0x50}, 1, INSTRUCTION_STORE, "push rax"},
    {{0x6a, 0x05}, 2, INSTRUCTION_STORE, "push 5"},
    {{0x9c}, 1, INSTRUCTION_STORE, "pushfq"},
    {{0xaa}, 1, INSTRUCTION_STORE, "stosb"},
    {{0xf3, 0x48, 0xab}, 3, INSTRUCTION_STORE, "rep stosq"},
    {{0x0f, 0x94, 0x06}, 3, INSTRUCTION_STORE, "sete byte ptr [rsi]"},
    {{0xdd, 0x1e}, 2, INSTRUCTION_STORE, "fstp qword ptr [rsi]"},
    {{0xd9, 0x3e}, 2, INSTRUCTION_STORE, "fnstcw word ptr [rsi]"},
    {{0x0f, 0xae, 0x1e}, 3, INSTRUCTION_STORE, "stmxcsr dword ptr [rsi]"},
    {{0x0f, 0xae, 0x06}, 3, INSTRUCTION_STORE, "fxsave [rsi]"},
    {{0x0f, 0xc7, 0x26}, 3, INSTRUCTION_STORE, "xsavec [rsi]"},
    {{0x66, 0x0f, 0xf7, 0xc1}, 4, INSTRUCTION_STORE, "maskmovdqu xmm0, xmm1"},
    {{0x48, 0x01, 0x06}, 3, INSTRUCTION_LOAD_STORE, "add qword ptr [rsi], rax"},
    {{0xff, 0x06}, 2, INSTRUCTION_LOAD_STORE, "inc dword ptr [rsi]"},
    {{0xf7, 0x16}, 2, INSTRUCTION_LOAD_STORE, "not dword ptr [rsi]"},
    {{0xc1, 0x26, 0x03}, 3, INSTRUCTION_LOAD_STORE, "shl dword ptr [rsi], 3"},
    {{0xf0, 0x48, 0x0f, 0xb1, 0x0e}, 5, INSTRUCTION_LOAD_STORE, "lock cmpxchg qword ptr [rsi], rcx"},
    {{0xf0, 0x48, 0x0f, 0xc7, 0x0e}, 5, INSTRUCTION_LOAD_STORE, "lock cmpxchg16b xmmword ptr [rsi]"},
    {{0xf0, 0x48, 0x0f, 0xc1, 0x0e}, 5, INSTRUCTION_LOAD_STORE, "lock xadd qword ptr [rsi], rcx"},
    {{0x48, 0x87, 0x0e}, 3, INSTRUCTION_LOAD_STORE, "xchg qword ptr [rsi], rcx"},
    {{0xf0, 0x0f, 0xba, 0x2e, 0x03}, 5, INSTRUCTION_LOAD_STORE, "lock bts dword ptr [rsi], 3"},
    {{0xff, 0x36}, 2, INSTRUCTION_LOAD_STORE, "push qword ptr [rsi]"},
    {{0x8f, 0x06}, 2, INSTRUCTION_LOAD_STORE, "pop qword ptr [rsi]"},
    {{0xa4}, 1, INSTRUCTION_LOAD_STORE, "movsb"},
    {{0xa5}, 1, INSTRUCTION_LOAD_STORE, "movsd"},
    {{0xf3, 0x48, 0xa5}, 3, INSTRUCTION_LOAD_STORE, "rep movsq"},
    {{0x48, 0x8d, 0x46, 0x08}, 4, INSTRUCTION_OTHER, "lea rax, [rsi + 8]"},
    {{0x0f, 0x1f, 0x00}, 3, INSTRUCTION_OTHER, "nop dword ptr [rax]"},
    {{0x0f, 0x18, 0x0e}, 3, INSTRUCTION_OTHER, "prefetcht0 byte ptr [rsi]"},
    {{0x48, 0x01, 0xc8}, 3, INSTRUCTION_OTHER, "add rax, rcx"},
    {{0x48, 0x91}, 2, INSTRUCTION_OTHER, "xchg rcx, rax"},
    {{0xf3, 0x0f, 0x1e, 0xfa}, 4, INSTRUCTION_OTHER, "endbr64"},
    {{0x48, 0x0f, 0xaf, 0xc1}, 4, INSTRUCTION_OTHER, "imul rax, rcx"},
    {{0xff, 0xe0}, 2, INSTRUCTION_BRANCH, "jmp rax"},
    {{0xff, 0x26}, 2, INSTRUCTION_BRANCH, "jmp qword ptr [rsi]"},
    {{0xff, 0x16}, 2, INSTRUCTION_BRANCH, "call qword ptr [rsi]"},
    {{0xc3}, 1, INSTRUCTION_BRANCH, "ret"},
    {{0x0f, 0xae, 0xf0}, 3, INSTRUCTION_BARRIER, "mfence"},
    {{0x0f, 0xae, 0xe8}, 3, INSTRUCTION_BARRIER, "lfence"},
    {{0x0f, 0xae, 0xf8}, 3, INSTRUCTION_BARRIER, "sfence"},
    {{0x0f, 0x01, 0x3e}, 3, INSTRUCTION_INVALIDATION, "invlpg byte ptr [rsi]"},
    {{0x66, 0x0f, 0x38, 0x82, 0x06}, 5, INSTRUCTION_INVALIDATION, "invpcid rax, xmmword ptr [rsi]"},
    {{0x66, 0x0f, 0x38, 0x80, 0x06}, 5, INSTRUCTION_INVALIDATION, "invept rax, xmmword ptr [rsi]"},
    {{0x66, 0x0f, 0x38, 0x81, 0x06}, 5, INSTRUCTION_INVALIDATION, "invvpid rax, xmmword ptr [rsi]"},
    {{0x0f, 0x05}, 2, INSTRUCTION_SYSTEM, "syscall"},
    {{0x48, 0x0f, 0x07}, 3, INSTRUCTION_SYSTEM, "sysretq"},
    {{0x48, 0xcf}, 2, INSTRUCTION_SYSTEM, "iretq"},
    {{0xcc}, 1, INSTRUCTION_SYSTEM, "int3"},
    {{0xcd, 0x80}, 2, INSTRUCTION_SYSTEM, "int 128"},
    {{0x0f, 0xa2}, 2, INSTRUCTION_SYSTEM, "cpuid"},
    {{0x0f, 0x31}, 2, INSTRUCTION_SYSTEM, "rdtsc"},
    {{0x0f, 0x22, 0xd8}, 3, INSTRUCTION_SYSTEM, "mov cr3, rax"},
    {{0x0f, 0x20, 0xd0}, 3, INSTRUCTION_SYSTEM, "mov rax, cr2"},
    {{0x0f, 0x23, 0xf8}, 3, INSTRUCTION_SYSTEM, "mov dr7, rax"},
    {{0x0f, 0x30}, 2, INSTRUCTION_SYSTEM, "wrmsr"},
    {{0xf4}, 1, INSTRUCTION_SYSTEM, "hlt"},
    {{0x0f, 0xae, 0x3e}, 3, INSTRUCTION_SYSTEM, "clflush byte ptr [rsi]"},
    {{0x0f, 0x01, 0x16}, 3, INSTRUCTION_SYSTEM, "lgdt [rsi]"},
    {{0xec}, 1, INSTRUCTION_SYSTEM, "in al, dx"},
    {{0x0f, 0x09}, 2, INSTRUCTION_SYSTEM, "wbinvd"},
    {{0x0f, 0x01, 0xc1}, 3, INSTRUCTION_SYSTEM, "vmcall"},
    {{0x0f, 0x01, 0xf8}, 3, INSTRUCTION_SYSTEM, "swapgs"},
    {{0xc4, 0xe2, 0x69, 0x92, 0x04, 0x8e}, 6, INSTRUCTION_LOAD, "vgatherdps xmm0, dword ptr [rsi + xmm1*4], xmm2"},
    {{0xe2, 0xfe}, 2, INSTRUCTION_BRANCH, "loop"},
    {{0x75, 0x10}, 2, INSTRUCTION_BRANCH, "jne"},
    {{0xe3, 0x10}, 2, INSTRUCTION_BRANCH, "jrcxz"},
};
/* clang-format on */

static void assert_class(const struct instruction *instruction, enum instruction_class expected,
                         const char *text)
{
    if (instruction->instruction_class != expected)
        fail_msg("\"%s\" (%s) is %s, not %s", text, instruction->text,
                 instruction_class_name(instruction->instruction_class), instruction_class_name(expected));
}

static const struct instruction *decode_word(struct decoder *decoder, uint64_t pc, uint32_t word)
{
    uint8_t bytes[4] = {(uint8_t)word, (uint8_t)(word >> 8), (uint8_t)(word >> 16), (uint8_t)(word >> 24)};
    return decoder_decode(decoder, pc, bytes, sizeof bytes);
}

static void good_aarch64_classes(void **state)
{
    struct decoder *decoder = decoder_open(DECODE_AARCH64);
    assert_non_null(decoder);
    for (size_t i = 0; i < sizeof aarch64_cases / sizeof aarch64_cases[0]; i++)
        assert_class(decode_word(decoder, 0x1000, aarch64_cases[i].word), aarch64_cases[i].instruction_class,
                     aarch64_cases[i].text);
    decoder_close(decoder);
}

static void good_x86_64_classes(void **state)
{
    struct decoder *decoder = decoder_open(DECODE_X86_64);
    assert_non_null(decoder);
    for (size_t i = 0; i < sizeof x86_64_cases / sizeof x86_64_cases[0]; i++)
        assert_class(decoder_decode(decoder, 0x1000, x86_64_cases[i].bytes, x86_64_cases[i].bytes_count),
                     x86_64_cases[i].instruction_class, x86_64_cases[i].text);
    decoder_close(decoder);
}

static void good_instruction_has_its_pc_bytes_and_text(void **state)
{
    struct decoder *decoder = decoder_open(DECODE_AARCH64);
    assert_non_null(decoder);
    const struct instruction *instruction = decode_word(decoder, 0xffff80000803a400, 0xf9403023);
    assert_int_equal(instruction->pc, 0xffff80000803a400);
    assert_int_equal(instruction->bytes_count, 4);
    assert_memory_equal(instruction->bytes, "\x23\x30\x40\xf9", 4);
    assert_string_equal(instruction->text, "ldr x3, [x1, #0x60]");
    /* the target of a branch depends on its pc */
    assert_string_equal(decode_word(decoder, 0x1000, 0x14000010)->text, "b #0x1040");
    assert_string_equal(decode_word(decoder, 0x2000, 0x14000010)->text, "b #0x2040");
    decoder_close(decoder);
}

static void bad_bytes_are_unknown_and_shown(void **state)
{
    struct decoder *arm = decoder_open(DECODE_AARCH64);
    struct decoder *x86 = decoder_open(DECODE_X86_64);
    assert_true(arm != NULL && x86 != NULL);
    const struct instruction *instruction = decode_word(arm, 0, 0x0000ffff);
    assert_int_equal(instruction->instruction_class, INSTRUCTION_UNKNOWN);
    assert_string_equal(instruction->text, ".word 0x0000ffff");
    instruction = decoder_decode(arm, 0, (const uint8_t[]){1, 2}, 2);
    assert_int_equal(instruction->instruction_class, INSTRUCTION_UNKNOWN);
    assert_string_equal(instruction->text, ".byte 0x01,0x02");
    instruction = decoder_decode(x86, 0, (const uint8_t[]){0x06}, 1); /* PUSH ES: not in 64-bit mode */
    assert_int_equal(instruction->instruction_class, INSTRUCTION_UNKNOWN);
    assert_string_equal(instruction->text, ".byte 0x06");
    /* more, or fewer, bytes than the instruction has */
    instruction = decoder_decode(x86, 0, (const uint8_t[]){0x90, 0x90}, 2);
    assert_int_equal(instruction->instruction_class, INSTRUCTION_UNKNOWN);
    instruction = decoder_decode(x86, 0, (const uint8_t[]){0x48, 0x8b}, 2);
    assert_int_equal(instruction->instruction_class, INSTRUCTION_UNKNOWN);
    instruction = decoder_decode(x86, 0, NULL, 0);
    assert_int_equal(instruction->instruction_class, INSTRUCTION_UNKNOWN);
    uint8_t many[32];
    memset(many, 0x06, sizeof many);
    instruction = decoder_decode(x86, 0, many, sizeof many);
    assert_int_equal(instruction->bytes_count, sizeof instruction->bytes);
    assert_int_equal(strlen(instruction->text), strlen(".byte ") + 16 * 5 - 1);
    decoder_close(x86);
    decoder_close(arm);
}

static void good_class_is_known_where_the_name_is_not(void **state)
{
    struct decoder *decoder = decoder_open(DECODE_AARCH64);
    assert_non_null(decoder);
    const struct instruction *ldadd = decode_word(decoder, 0, 0xb8230024);
    assert_int_equal(ldadd->instruction_class, INSTRUCTION_LOAD_STORE);
    assert_true(strncmp(ldadd->text, ".word 0xb8230024", 16) == 0 || strncmp(ldadd->text, "ldadd", 5) == 0);
    decoder_close(decoder);
}

static void good_second_answer_is_the_first_one_kept(void **state)
{
    struct decoder *decoder = decoder_open(DECODE_AARCH64);
    assert_non_null(decoder);
    const struct instruction *first = decode_word(decoder, 0x1000, 0xd503201f);
    for (uint32_t i = 0; i < 10000; i++) /* the table grows */
        assert_int_equal(decode_word(decoder, 0x2000 + 4 * i, 0xd503201f)->pc, 0x2000 + 4 * i);
    assert_ptr_equal(decode_word(decoder, 0x1000, 0xd503201f), first);
    assert_string_equal(first->text, "nop");
    decoder_close(decoder);
}

static void bad_same_pc_with_other_bytes_is_another_instruction(void **state)
{
    struct decoder *decoder = decoder_open(DECODE_AARCH64);
    assert_non_null(decoder);
    const struct instruction *before = decode_word(decoder, 0x1000, 0xd503201f);
    const struct instruction *after = decode_word(decoder, 0x1000, 0xd65f03c0);
    assert_string_equal(before->text, "nop");
    assert_string_equal(after->text, "ret");
    decoder_close(decoder);
}

static void good_guess_and_bad_guess(void **state)
{
    assert_int_equal(decoder_guess(0x1000, 4), DECODE_AARCH64);
    assert_int_equal(decoder_guess(0x1002, 4), DECODE_X86_64);
    assert_int_equal(decoder_guess(0x1000, 3), DECODE_X86_64);
}

static void bad_architecture_is_refused(void **state)
{
    assert_null(decoder_open(DECODE_ARCHITECTURES));
    decoder_close(NULL);
}

/* What the instruction did (1: loaded, 2: stored) against what its class says. */
static void check_accesses(const struct instruction *instruction, unsigned accesses)
{
    unsigned expected = accesses;
    switch (instruction->instruction_class) {
    case INSTRUCTION_LOAD:
        expected = 1;
        break;
    case INSTRUCTION_STORE:
        expected = 2;
        break;
    case INSTRUCTION_LOAD_STORE:
        expected = 3;
        break;
    case INSTRUCTION_OTHER:
    case INSTRUCTION_BARRIER:
        expected = 0;
        break;
    case INSTRUCTION_UNKNOWN:
        fail_msg("%s is unknown", instruction->text);
        break;
    default: /* branches and system instructions do both */
        break;
    }
    if (accesses != expected)
        fail_msg("%s at %llx is %s, but its accesses are %u", instruction->text,
                 (unsigned long long)instruction->pc, instruction_class_name(instruction->instruction_class),
                 accesses);
}

static void every_instruction_of_the_sample_does_what_its_class_says(void **state)
{
    struct trace_error error = {""};
    struct trace_record record;
    struct trace_reader *reader = trace_open(MMUSIM_TRACES_SAMPLES "/sqlite3-join.x86_64.mtrace.xz", &error);
    struct decoder *decoder = decoder_open(DECODE_X86_64);
    const struct instruction *instruction = NULL;
    unsigned accesses = 0;
    size_t instructions = 0;
    assert_true(reader != NULL && decoder != NULL);
    while (trace_read(reader, &record, 1, &error) == 1) {
        if (record.kind != TRACE_INSTRUCTION) {
            accesses |= record.kind == TRACE_LOAD ? 1 : 2;
            continue;
        }
        if (instruction != NULL)
            check_accesses(instruction, accesses);
        instruction = decoder_decode(decoder, record.va, record.bytes, record.bytes_count);
        accesses = 0;
        instructions++;
    }
    assert_string_equal(error.text, "");
    assert_true(instructions > 100000);
    decoder_close(decoder);
    trace_close(reader);
}

static void every_class_and_architecture_has_a_name_of_its_own(void **state)
{
    for (int i = 0; i < INSTRUCTION_CLASSES; i++)
        for (int j = 0; j < i; j++)
            assert_string_not_equal(instruction_class_name(i), instruction_class_name(j));
    assert_string_equal(decode_architecture_name(DECODE_AARCH64), "aarch64");
    assert_string_equal(decode_architecture_name(DECODE_X86_64), "x86_64");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_aarch64_classes),
        cmocka_unit_test(good_x86_64_classes),
        cmocka_unit_test(good_instruction_has_its_pc_bytes_and_text),
        cmocka_unit_test(bad_bytes_are_unknown_and_shown),
        cmocka_unit_test(good_class_is_known_where_the_name_is_not),
        cmocka_unit_test(good_second_answer_is_the_first_one_kept),
        cmocka_unit_test(bad_same_pc_with_other_bytes_is_another_instruction),
        cmocka_unit_test(good_guess_and_bad_guess),
        cmocka_unit_test(bad_architecture_is_refused),
        cmocka_unit_test(every_instruction_of_the_sample_does_what_its_class_says),
        cmocka_unit_test(every_class_and_architecture_has_a_name_of_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
