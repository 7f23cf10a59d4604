#include "sim/version.h"

const char *mmusim_version(void)
{
    return MMUSIM_VERSION; /* sim/CMakeLists.txt */
}
