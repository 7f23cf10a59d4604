#include "sim/litmus/thread.h"

#define PAGE_BYTES 0x1000U
/* Virtual pages of variables; the table of one level; physical pages. None of them overlap. */
#define FIRST_VA    0x10000U
#define ROOT_PA     0x1000U
#define FIRST_FRAME 0x40000U

uint64_t litmus_va_of(unsigned location)
{
    return FIRST_VA + (uint64_t)PAGE_BYTES * location;
}

uint64_t litmus_root_pa(void)
{
    return ROOT_PA;
}

uint64_t litmus_entry_pa_of(unsigned location)
{
    return ROOT_PA + litmus_va_of(location) / PAGE_BYTES * 8;
}

uint64_t litmus_page_pa_of(unsigned location)
{
    return FIRST_FRAME + (uint64_t)PAGE_BYTES * location;
}

/* A page of EL1, normal memory, not global. DDI 0487, D8.3.1.2: AP[2] is read-only, AF the access flag. */
uint64_t litmus_encode(const struct litmus_descriptor *descriptor)
{
    uint64_t word = VMSA_TABLE | VMSA_ATTR_INDEX_NORMAL | VMSA_SH_INNER | VMSA_NG | VMSA_UXN | VMSA_PXN;
    word |= litmus_page_pa_of(descriptor->oa);
    word |= descriptor->valid ? VMSA_VALID : 0;
    word |= descriptor->af ? VMSA_AF : 0;
    word |= descriptor->db ? 0 : VMSA_AP_READ_ONLY;
    return word;
}

uint64_t litmus_number_of(const struct litmus_value *value)
{
    switch ((enum litmus_value_kind)value->kind) {
    case LITMUS_ADDRESS:
        return litmus_va_of(value->location);
    case LITMUS_ENTRY_ADDRESS:
        return litmus_entry_pa_of(value->location);
    case LITMUS_DESCRIPTOR:
        return litmus_encode(&value->descriptor);
    case LITMUS_NUMBER:
        break;
    }
    return (uint64_t)value->number;
}

uint8_t litmus_page_at(const struct litmus_test *test, uint64_t va)
{
    if (va < FIRST_VA || va >= litmus_va_of(test->locations))
        return LITMUS_NONE;
    return (uint8_t)((va - FIRST_VA) / PAGE_BYTES);
}

uint8_t litmus_frame_at(const struct litmus_test *test, uint64_t pa)
{
    if (pa < FIRST_FRAME || pa >= litmus_page_pa_of(test->locations))
        return LITMUS_NONE;
    return (uint8_t)((pa - FIRST_FRAME) / PAGE_BYTES);
}

uint8_t litmus_entry_at(const struct litmus_test *test, uint64_t va)
{
    if (va < litmus_entry_pa_of(0) || va >= litmus_entry_pa_of(test->locations) || va % 8 != 0)
        return LITMUS_NONE;
    return (uint8_t)((va - litmus_entry_pa_of(0)) / 8);
}

uint64_t litmus_word_pa(uint64_t pa)
{
    uint64_t offset = pa % PAGE_BYTES;
    return pa < FIRST_FRAME ? pa : pa - offset + (offset & ~UINT64_C(3)) * 2;
}
