/*
 * valgrind --tool=lackey --trace-mem=yes. Its manual (Valgrind User Manual, chapter "Lackey: an example
 * tool", option --trace-mem) gives the lines: "I  " address "," size for an instruction, " L ", " S " and " M
 * " for a load, a store and both at the same place; addresses are hexadecimal, sizes decimal.
 */
#include "traces/syntax.h"

#include <string.h>

/* Lackey's own limit, MAX_DSIZE in its lk_main.c. XSAVE really comes as one store of 160 bytes. */
#define ACCESS_BYTES_MAX 512

static bool lackey_recognizes(const char *text)
{
    if (text[0] == 'I')
        return text[1] == ' ' && text[2] == ' ';
    if (text[0] == ' ')
        return (text[1] == 'L' || text[1] == 'S' || text[1] == 'M') && text[2] == ' ';
    return text[0] == '=' && text[1] == '=' && text[2] >= '0' && text[2] <= '9';
}

/* "==123== anything": valgrind's own; "--123-- " with its option -v, "**123** " from client programs. */
static enum trace_line skip_message(struct trace_cursor *cursor)
{
    static const char expected[] =
        "a line of lackey such as \"I  0400d7d4,8\" or a message such as \"==123== ...\"";
    const char *at = cursor->at;
    char mark = *at;
    at++;
    if (*at != mark) {
        scan_fail(cursor, at == cursor->end ? at : cursor->at, expected);
        return TRACE_LINE_WRONG;
    }
    at++;
    while (*at >= '0' && *at <= '9')
        at++;
    if (at[0] != mark || at[1] != mark) {
        bool cut = at == cursor->end || (at[0] == mark && at + 1 == cursor->end);
        scan_fail(cursor, cut ? cursor->end : cursor->at, expected);
        return TRACE_LINE_WRONG;
    }
    const char *newline = memchr(at, '\n', (size_t)(cursor->end - at));
    if (newline == NULL) {
        scan_fail(cursor, cursor->end, "a newline");
        return TRACE_LINE_WRONG;
    }
    cursor->at = newline + 1;
    return TRACE_LINE_SKIPPED;
}

static bool scan_access_kind(struct trace_cursor *cursor, struct trace_record *record)
{
    switch (*cursor->at) {
    case 'L':
        record->kind = TRACE_LOAD;
        break;
    case 'S':
        record->kind = TRACE_STORE;
        break;
    case 'M':
        record->kind = TRACE_MODIFY;
        break;
    default:
        return scan_fail(cursor, cursor->at, "L, S or M");
    }
    cursor->at++;
    return scan_character(cursor, ' ', "a space");
}

static bool scan_kind(struct trace_cursor *cursor, struct trace_record *record)
{
    if (*cursor->at == ' ') {
        cursor->at++;
        return scan_access_kind(cursor, record);
    }
    record->kind = TRACE_INSTRUCTION;
    return scan_character(cursor, 'I', "a line of lackey such as \"I  0400d7d4,8\" or \" L 1ffeffe7e,1\"") &&
           scan_character(cursor, ' ', "two spaces") && scan_character(cursor, ' ', "two spaces");
}

static bool scan_record_size(struct trace_cursor *cursor, struct trace_record *record)
{
    if (record->kind == TRACE_INSTRUCTION)
        return scan_size(cursor, TRACE_INSTRUCTION_BYTES_MAX, "an instruction's size of 1 to 16 bytes",
                         &record->size_bytes);
    return scan_size(cursor, ACCESS_BYTES_MAX, "an access's size of 1 to 512 bytes", &record->size_bytes);
}

static enum trace_line lackey_parse(struct trace_cursor *cursor, struct trace_record *record)
{
    char first = *cursor->at;
    if (first == '=' || first == '-' || first == '*')
        return skip_message(cursor);
    record->pa = TRACE_NO_PA;
    record->bytes_count = 0;
    memset(record->bytes, 0, sizeof record->bytes);
    if (scan_kind(cursor, record) && scan_address(cursor, &record->va) &&
        scan_character(cursor, ',', "a comma after the address") && scan_record_size(cursor, record) &&
        scan_character(cursor, '\n', "the end of the line"))
        return TRACE_LINE_RECORD;
    return TRACE_LINE_WRONG;
}

const struct trace_syntax trace_syntax_lackey = {
    .format = TRACE_LACKEY,
    .name = "lackey",
    .example = "I  0400d7d4,8",
    .advice = "run valgrind --tool=lackey with --trace-mem=yes",
    .recognizes = lackey_recognizes,
    .parse = lackey_parse,
};
