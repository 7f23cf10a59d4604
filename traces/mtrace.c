/*
 * mtrace: what the QEMU plug-in in traces/capture/ writes. "I PC N BYTES" is an instruction of N bytes, in
 * the order in which they lie in memory; "L VA N [PA]" and "S VA N [PA]" are the accesses of the instruction
 * before them. Addresses are hexadecimal without 0x, N is decimal; PA is there in system mode.
 */
#include "traces/syntax.h"

#include <string.h>

#define ACCESS_BYTES_MAX 64
#define PA_BITS_MAX                                                                                          \
    56 /* the widest: Arm FEAT_D128 (DDI 0487, D8.1.6), RISC-V Sv39 to Sv57 (privileged, 12.4) */

static bool mtrace_recognizes(const char *text)
{
    bool kind = text[0] == 'I' || text[0] == 'L' || text[0] == 'S';
    return kind && text[1] == ' ' && trace_hex_values[(uint8_t)text[2]] < 16;
}

static bool scan_kind(struct trace_cursor *cursor, struct trace_record *record)
{
    switch (*cursor->at) {
    case 'I':
        record->kind = TRACE_INSTRUCTION;
        break;
    case 'L':
        record->kind = TRACE_LOAD;
        break;
    case 'S':
        record->kind = TRACE_STORE;
        break;
    default:
        return scan_fail(cursor, cursor->at,
                         "a line of mtrace such as \"I 400297c7e5 4 4180ffb5\" or \"L 40029be738 4\"");
    }
    cursor->at++;
    return scan_character(cursor, ' ', "one space");
}

/* As many pairs of digits as the size before them says. */
static bool scan_bytes(struct trace_cursor *cursor, struct trace_record *record)
{
    static const char expected[] = "as many bytes as the size says, two hexadecimal digits each";
    const char *at = cursor->at;
    for (uint32_t i = 0; i < record->size_bytes; i++, at += 2) {
        uint8_t high = trace_hex_values[(uint8_t)at[0]];
        if (high > 15)
            return scan_fail(cursor, at, expected);
        uint8_t low = trace_hex_values[(uint8_t)at[1]];
        if (low > 15)
            return scan_fail(cursor, at + 1, expected);
        record->bytes[i] = (uint8_t)(high << 4 | low);
    }
    if (trace_hex_values[(uint8_t)*at] < 16)
        return scan_fail(cursor, at, expected);
    record->bytes_count = (uint8_t)record->size_bytes;
    cursor->at = at;
    return true;
}

static bool scan_instruction(struct trace_cursor *cursor, struct trace_record *record)
{
    return scan_size(cursor, TRACE_INSTRUCTION_BYTES_MAX, "an instruction's size of 1 to 16 bytes",
                     &record->size_bytes) &&
           scan_character(cursor, ' ', "a space and the bytes of the instruction") &&
           scan_bytes(cursor, record) && scan_character(cursor, '\n', "the end of the line");
}

static bool scan_access(struct trace_cursor *cursor, struct trace_record *record)
{
    if (!scan_size(cursor, ACCESS_BYTES_MAX, "an access's size of 1 to 64 bytes", &record->size_bytes))
        return false;
    if (*cursor->at == ' ') {
        cursor->at++;
        const char *start = cursor->at;
        if (!scan_address(cursor, &record->pa))
            return false;
        if (record->pa >> PA_BITS_MAX != 0)
            return scan_fail(cursor, start, "a physical address of 56 bits at the most");
    }
    return scan_character(cursor, '\n', "the end of the line, or a space and a physical address");
}

static enum trace_line mtrace_parse(struct trace_cursor *cursor, struct trace_record *record)
{
    record->pa = TRACE_NO_PA;
    record->bytes_count = 0;
    memset(record->bytes, 0, sizeof record->bytes);
    if (!scan_kind(cursor, record) || !scan_address(cursor, &record->va) ||
        !scan_character(cursor, ' ', "one space after the address"))
        return TRACE_LINE_WRONG;
    bool right =
        record->kind == TRACE_INSTRUCTION ? scan_instruction(cursor, record) : scan_access(cursor, record);
    return right ? TRACE_LINE_RECORD : TRACE_LINE_WRONG;
}

const struct trace_syntax trace_syntax_mtrace = {
    .format = TRACE_MTRACE,
    .name = "mtrace",
    .example = "I 400d7d4 4 f30f1efa",
    .advice = "capture it with scripts/capture-trace.sh",
    .recognizes = mtrace_recognizes,
    .parse = mtrace_parse,
};
