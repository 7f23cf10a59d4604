/*
 * Who may do what on x86-64, and which error code says that somebody may not: every combination of U/S, R/W
 * and XD in a table and a page, of CR0.WP, CR4.SMEP, CR4.SMAP, EFLAGS.AC, CR4.PKE, PKRU, and of accesses. The
 * oracle is the text of the Intel SDM, volume 3 (325384-081US), 4.6.1, 4.6.2 and 4.7, sentence by sentence,
 * and shares nothing with the code it judges; bits are spelled out.
 */
#include "pagetables/test/chain.h"
#include "pagetables/x86.h"

#define KEY 5u

/* One access, in the manual's words. */
struct circumstances {
    bool us[2], rw[2], xd[2]; /* of a table and of the page */
    bool wp, smep, smap, ac, pke;
    bool ad, wd; /* PKRU of the page's key */
    bool user_mode;
    bool write, fetch; /* neither: a data read */
};

/* 4.6.1: "the U/S flag is 1 in every paging-structure entry controlling the translation" makes it a user-mode
 * address; else it is a supervisor-mode address. */
static bool is_user_address(const struct circumstances *c)
{
    return c->us[0] && c->us[1];
}

static bool is_writable_in_every_entry(const struct circumstances *c)
{
    return c->rw[0] && c->rw[1];
}

static bool is_execute_disabled_in_any_entry(const struct circumstances *c)
{
    return c->xd[0] || c->xd[1];
}

/* 4.6.2: "if ADi is 1, the processor prevents any data accesses to user-mode addresses with protection key
 * i". */
static bool key_permits_reads(const struct circumstances *c)
{
    if (!c->pke)
        return true;
    return !c->ad;
}

/* 4.6.2: "if WDi is 1, the processor may prevent write accesses to user-mode addresses with protection key
 * i": user-mode ones always, supervisor-mode ones if CR0.WP is 1. */
static bool key_permits_writes(const struct circumstances *c)
{
    if (!c->pke)
        return true;
    if (c->ad)
        return false;
    if (!c->wd)
        return true;
    return !c->user_mode && !c->wp;
}

static bool supervisor_may_read(const struct circumstances *c)
{
    if (!is_user_address(c))
        return true; /* "may be read from any supervisor-mode address" */
    if (!c->smap)
        return key_permits_reads(c);
    if (c->ac) /* all accesses here are explicit ones */
        return key_permits_reads(c);
    return false;
}

static bool supervisor_may_write(const struct circumstances *c)
{
    if (!is_user_address(c))
        return !c->wp || is_writable_in_every_entry(c);
    if (!c->wp) {
        if (!c->smap)
            return key_permits_writes(c);
        return c->ac && key_permits_writes(c);
    }
    if (!c->smap)
        return is_writable_in_every_entry(c) && key_permits_writes(c);
    return c->ac && is_writable_in_every_entry(c) && key_permits_writes(c);
}

static bool supervisor_may_fetch(const struct circumstances *c)
{
    if (is_user_address(c) && c->smep)
        return false;
    return !is_execute_disabled_in_any_entry(c);
}

static bool user_may(const struct circumstances *c)
{
    if (!is_user_address(c))
        return false;
    if (c->fetch)
        return !is_execute_disabled_in_any_entry(c);
    if (c->write)
        return is_writable_in_every_entry(c) && key_permits_writes(c);
    return key_permits_reads(c);
}

static bool may(const struct circumstances *c)
{
    if (c->user_mode)
        return user_may(c);
    if (c->fetch)
        return supervisor_may_fetch(c);
    return c->write ? supervisor_may_write(c) : supervisor_may_read(c);
}

/* 4.7, of an access that the translation's rights do not permit; EFER.NXE = 1. */
static unsigned error_code(const struct circumstances *c)
{
    unsigned code = 1; /* P: not caused by an entry that is not present */
    if (c->write)
        code |= 2;
    if (c->user_mode)
        code |= 4;
    if (c->fetch)
        code |= 16;
    bool forbidden = c->ad || (c->wd && c->write && (c->wp || c->user_mode));
    if (c->pke && !c->fetch && is_user_address(c) && forbidden)
        code |= 32;
    return code;
}

/* ---- The engine's side ---- */

static uint64_t bits_of(bool us, bool rw, bool xd)
{
    return UINT64_C(1) | (uint64_t)rw << 1 | (uint64_t)us << 2 | (uint64_t)xd << 63;
}

/* The table that restricts stands at `level`; the others do not. */
static void make_chain(struct chain *chain, const struct circumstances *c, unsigned level,
                       unsigned page_level, bool dirty)
{
    for (unsigned i = 1; i < CHAIN_LEVELS; i++)
        chain->word[i] = 0x10000 * (uint64_t)i | 7 | 0x20;
    chain->word[level] = (chain->word[level] & ~UINT64_C(7)) | bits_of(c->us[0], c->rw[0], c->xd[0]);
    chain->word[page_level] = UINT64_C(0x40000000) | bits_of(c->us[1], c->rw[1], c->xd[1]) | 0x20 |
                              (page_level > 1 ? 0x80 : 0) | (dirty ? 0x40 : 0) | (uint64_t)KEY << 59;
}

static struct access_controls controls_of(const struct circumstances *c)
{
    uint32_t flags = (c->wp ? CONTROL_WP : 0) | (c->smep ? CONTROL_SMEP : 0) | (c->smap ? CONTROL_SMAP : 0) |
                     (c->ac ? CONTROL_AC : 0) | (c->pke ? CONTROL_PKE : 0);
    /* all other keys are forbidden, so that none is taken for this one */
    uint32_t others = ~(UINT32_C(3) << 2 * KEY);
    return (struct access_controls){flags,
                                    others | (uint32_t)c->ad << 2 * KEY | (uint32_t)c->wd << (2 * KEY + 1)};
}

static struct fault_report report_of(const struct walk_format *format, const struct walk_leaf *leaf,
                                     const struct access_controls *controls, enum privilege privilege,
                                     enum access_kind access)
{
    const struct fault_cause cause = {.va = 0x1234,
                                      .kind = FAULT_PERMISSION,
                                      .stage = 1,
                                      .access = (uint8_t)access,
                                      .privilege = (uint8_t)privilege,
                                      .rights = leaf->rights_when_dirty,
                                      .attributes = leaf->frame.attributes,
                                      .controls = *controls};
    struct fault_report report;
    format->report(&cause, &report);
    return report;
}

/* The six accesses through one chain. */
static void compare_accesses(struct circumstances *c, const struct walk_format *format,
                             const struct walk_leaf *leaf, bool dirty)
{
    const struct access_controls controls = controls_of(c);
    uint8_t now = walk_allowed(format, &controls, leaf->rights, leaf->frame.attributes);
    uint8_t when_dirty = walk_allowed(format, &controls, leaf->rights_when_dirty, leaf->frame.attributes);
    for (unsigned i = 0; i < 2 * ACCESS_KINDS; i++) {
        enum privilege privilege = i < ACCESS_KINDS ? PRIVILEGE_USER : PRIVILEGE_KERNEL;
        enum access_kind access = i % ACCESS_KINDS;
        unsigned right = ACCESS_RIGHT(privilege, access);
        c->user_mode = privilege == PRIVILEGE_USER;
        c->write = access == ACCESS_STORE;
        c->fetch = access == ACCESS_FETCH;
        assert_int_equal((when_dirty & right) != 0, may(c));
        /* 4.8: a store to a clean page comes with an update */
        assert_int_equal((now & right) != 0, may(c) && (dirty || !c->write));
        if (may(c))
            continue;
        struct fault_report report = report_of(format, leaf, &controls, privilege, access);
        assert_int_equal(report.vector, 14);
        assert_int_equal(report.address, 0x1234);
        assert_int_equal(report.code, error_code(c));
    }
}

static bool bit(unsigned number, unsigned i)
{
    return number >> i & 1;
}

static void compare_controls(struct circumstances *c, const struct walk_format *format,
                             const struct walk_leaf *leaf, bool dirty)
{
    for (unsigned i = 0; i < 128; i++) {
        c->wp = bit(i, 0);
        c->smep = bit(i, 1);
        c->smap = bit(i, 2);
        c->ac = bit(i, 3);
        c->pke = bit(i, 4);
        c->ad = bit(i, 5);
        c->wd = bit(i, 6);
        compare_accesses(c, format, leaf, dirty);
    }
}

/* Every combination of the bits of one table and the page. */
static void compare_entries(const struct walk_format *format, unsigned table_level, unsigned page_level)
{
    const struct translation_regime regime = {.format = format, .root = 0x1000, .physical_size_lg2 = 48};
    for (unsigned i = 0; i < 128; i++) {
        struct circumstances c = {
            .us = {bit(i, 0), bit(i, 1)}, .rw = {bit(i, 2), bit(i, 3)}, .xd = {bit(i, 4), bit(i, 5)}};
        struct chain chain;
        make_chain(&chain, &c, table_level, page_level, bit(i, 6));
        chain_assert_leaf(&chain, &regime, UINT64_C(0x7f0000001000), UINT64_C(0x40000000),
                          12 + 9 * (page_level - 1));
        compare_controls(&c, format, &chain.walk.leaf, bit(i, 6));
    }
}

static void good_rights_and_error_codes_of_4_levels_are_those_of_the_manual(void **state)
{
    for (unsigned page_level = 1; page_level <= 3; page_level++)
        for (unsigned table_level = page_level + 1; table_level <= 4; table_level++)
            compare_entries(&x86_64_48, table_level, page_level);
}

static void good_rights_and_error_codes_of_5_levels_are_those_of_the_manual(void **state)
{
    compare_entries(&x86_64_57, 5, 1);
    compare_entries(&x86_64_57, 4, 2);
    compare_entries(&x86_64_57, 5, 3);
}

/* 4.6.2: of supervisor-mode addresses the key is ignored, whatever PKRU says. */
static void good_a_key_is_told_of_user_pages_alone(void **state)
{
    const struct translation_regime regime = {.format = &x86_64_48, .root = 0x1000, .physical_size_lg2 = 48};
    struct circumstances c = {.us = {true, true}, .rw = {true, true}};
    struct chain chain;
    make_chain(&chain, &c, 3, 1, true);
    assert_int_equal(chain_walk(&chain, &regime, 0), WALK_LEAF);
    assert_int_equal(frame_key(chain.walk.leaf.frame.attributes), KEY);
    c.us[0] = false;
    make_chain(&chain, &c, 3, 1, true);
    assert_int_equal(chain_walk(&chain, &regime, 0), WALK_LEAF);
    assert_int_equal(frame_key(chain.walk.leaf.frame.attributes), 0);
}

static void good_the_usual_kernel_has_write_protection_and_smep(void **state)
{
    static const struct walk_format *const formats[] = {&x86_64_48, &x86_64_57};
    for (unsigned i = 0; i < 2; i++) {
        const struct access_controls *usual = &formats[i]->controls;
        uint32_t read_only = FRAME_READABLE | FRAME_EXECUTABLE | FRAME_USER;
        uint8_t rights = walk_allowed(formats[i], usual, formats[i]->rights(read_only), read_only);
        assert_int_equal(rights, ACCESS_RIGHT(PRIVILEGE_USER, ACCESS_LOAD) |
                                     ACCESS_RIGHT(PRIVILEGE_USER, ACCESS_FETCH) |
                                     ACCESS_RIGHT(PRIVILEGE_KERNEL, ACCESS_LOAD));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_rights_and_error_codes_of_4_levels_are_those_of_the_manual),
        cmocka_unit_test(good_rights_and_error_codes_of_5_levels_are_those_of_the_manual),
        cmocka_unit_test(good_a_key_is_told_of_user_pages_alone),
        cmocka_unit_test(good_the_usual_kernel_has_write_protection_and_smep),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
