/* Numbers that options give. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "sim/cli/verb.h"

bool cli_is_number(const char *text, uint64_t *number)
{
    char *end;
    if (*text < '0' || *text > '9') /* strtoull takes a sign and spaces, too */
        return false;
    errno = 0;
    *number = strtoull(text, &end, 0);
    return *end == '\0' && errno == 0;
}

bool cli_number(const struct cli_call *call, const char *option, uint64_t least, uint64_t most,
                uint64_t *number)
{
    const char *text = cli_value(call, option);
    uint64_t value;
    if (!text)
        return true;
    if (cli_is_number(text, &value) && value >= least && value <= most) {
        *number = value;
        return true;
    }
    cli_say(call->err, "--%s is '%s'; it must be a whole number from %" PRIu64 " to %" PRIu64, option, text,
            least, most);
    return false;
}
