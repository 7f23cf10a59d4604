#include "pagetables/vectors/vectors.h"

/* One line each; a kind's file is in CMakeLists.txt. */
static const struct vectors_kind *const kinds[] = {
    &vectors_x86,
    NULL, /* the end */
};

const struct vectors_kind *vectors_kind_at(unsigned index)
{
    return index < sizeof kinds / sizeof *kinds ? kinds[index] : NULL;
}
