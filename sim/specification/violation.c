#include "sim/specification/violation.h"

#include <stdarg.h>
#include <stdio.h>

bool clause_holds_of(const struct clause *clause, bool condition, const char *format, ...)
{
    if (condition || !clause->violation)
        return condition;
    va_list arguments;
    va_start(arguments, format);
    clause->violation->rule = clause->rule;
    (void)vsnprintf(clause->violation->text, sizeof clause->violation->text, format, arguments);
    va_end(arguments);
    return false;
}

bool clause_holds(const struct clause *clause, bool condition, const char *text)
{
    return clause_holds_of(clause, condition, "%s", text);
}
