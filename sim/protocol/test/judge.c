#include "sim/protocol/test/judge.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static enum log_verdict judge_file(FILE *file, struct protocol_violation *violation, uint64_t *last_line,
                                   char *sentence)
{
    struct log_reader reader;
    struct log_event event;
    enum log_verdict verdict = LOG_FINE;
    enum log_result result = LOG_EVENT;
    struct log_check *check = log_check_create();
    assert_non_null(check);
    log_open(&reader, file, "t.log");
    while (verdict == LOG_FINE && (result = log_next(&reader, &event)) == LOG_EVENT) {
        *last_line = event.line;
        verdict = log_check_step(check, &event);
    }
    *sentence = '\0';
    if (result == LOG_WRONG || verdict == LOG_REFUSED) {
        strcpy(sentence, result == LOG_WRONG ? reader.text : log_check_sentence(check));
        verdict = LOG_REFUSED;
    }
    if (verdict == LOG_VIOLATED)
        *violation = *log_check_violation(check);
    log_check_destroy(check);
    return verdict;
}

enum log_verdict judge_text(const char *log, struct protocol_violation *violation, uint64_t *last_line,
                            char *sentence)
{
    FILE *file = fmemopen((void *)log, strlen(log), "r");
    assert_non_null(file);
    enum log_verdict verdict = judge_file(file, violation, last_line, sentence);
    assert_int_equal(fclose(file), 0);
    return verdict;
}

void good(const char *log)
{
    struct protocol_violation violation;
    uint64_t line = 0;
    char sentence[LOG_TEXT_BYTES];
    enum log_verdict verdict = judge_text(log, &violation, &line, sentence);
    if (verdict == LOG_VIOLATED)
        print_error("line %d: %s: %s\n", (int)violation.mark.at, protocol_rule_row(violation.rule)->name,
                    violation.text);
    assert_string_equal(sentence, "");
    assert_int_equal(verdict, LOG_FINE);
}

static uint64_t lines_of(const char *log)
{
    uint64_t lines = 0;
    for (; *log; log++)
        lines += *log == '\n';
    return lines;
}

void bad(enum protocol_rule rule, uint64_t related_line, const char *log)
{
    struct protocol_violation violation = {.rule = PROTOCOL_RULES};
    uint64_t line = 0;
    char sentence[LOG_TEXT_BYTES];
    enum log_verdict verdict = judge_text(log, &violation, &line, sentence);
    assert_string_equal(sentence, "");
    assert_int_equal(verdict, LOG_VIOLATED);
    if (violation.rule != rule)
        print_error("%s: %s\n", protocol_rule_row(violation.rule)->name, violation.text);
    assert_int_equal(violation.rule, rule);
    assert_int_equal(violation.mark.at, lines_of(log));
    if (related_line == 0)
        assert_true(violation.related.at == PROTOCOL_NOWHERE);
    else
        assert_int_equal(violation.related.at, related_line);
}

void refused(const char *part, const char *log)
{
    struct protocol_violation violation;
    uint64_t line = 0;
    char sentence[LOG_TEXT_BYTES];
    assert_int_equal(judge_text(log, &violation, &line, sentence), LOG_REFUSED);
    if (!strstr(sentence, part))
        print_error("'%s' has no '%s'\n", sentence, part);
    assert_non_null(strstr(sentence, part));
}
