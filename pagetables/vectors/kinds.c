#include "pagetables/vectors/vectors.h"

/* One line each; a kind's file is in CMakeLists.txt. */
static const struct vectors_kind *const kinds[] = {
    // clang-format off
    &vectors_riscv,
    &vectors_riscv_two_stages,
    &vectors_x86,
    &vectors_aarch64,
    &vectors_aarch64_fetch,
    NULL, /* the end */
    // clang-format on
};

const struct vectors_kind *vectors_kind_at(unsigned index)
{
    return index < sizeof kinds / sizeof *kinds ? kinds[index] : NULL;
}
