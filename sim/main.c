#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

#include "sim/cli/cli.h"

/*
 * Takes the places of standard streams that are closed, so that no file that is opened later gets one of them
 * and is written into. Writing to what stands in for an output fails.
 */
static bool occupy_standard_streams(void)
{
    for (int stream = STDIN_FILENO; stream <= STDERR_FILENO; stream++)
        if (fcntl(stream, F_GETFD) < 0 && (errno != EBADF || open("/dev/null", O_RDONLY) != stream))
            return false;
    return true;
}

int main(int argc, char **argv)
{
    if (!occupy_standard_streams())
        return CLI_MISUSE;
    return cli_main(argc, argv, stdout, stderr);
}
