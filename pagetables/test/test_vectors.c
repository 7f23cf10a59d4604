/* Replays what another implementation did with crafted tables: data/ORIGIN.txt. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pagetables/interpret.h"
#include "pagetables/vmsa.h"

#define RAM_BASE  UINT64_C(0x40000000)
#define RAM_END   UINT64_C(0x80000000)
#define WORDS_MAX 256

struct image {
    char name[16];
    struct translation_regime regime;
    size_t words;
    struct {
        uint64_t pa;
        uint64_t value;
    } word[WORDS_MAX];
};

static bool read_image(void *context, uint64_t pa, uint64_t *value)
{
    const struct image *image = context;
    if (pa < RAM_BASE || pa >= RAM_END)
        return false;
    *value = 0;
    for (size_t i = 0; i < image->words; i++)
        if (image->word[i].pa == pa)
            *value = image->word[i].value;
    return true;
}

static FILE *open_data(const char *name, const char *suffix)
{
    char path[512];
    int length = snprintf(path, sizeof path, "%s/%s%s", PAGETABLES_TEST_DATA, name, suffix);
    assert_true(length > 0 && (size_t)length < sizeof path);
    FILE *file = fopen(path, "r");
    if (!file)
        fail_msg("%s cannot be opened", path);
    return file;
}

static void load_image(struct image *image, const char *name)
{
    *image = (struct image){.regime = {.format = &vmsa_4k_48}};
    assert_true(strlen(name) < sizeof image->name);
    memcpy(image->name, name, strlen(name) + 1);
    FILE *file = open_data(name, ".img");
    char line[128];
    while (fgets(line, sizeof line, file)) {
        unsigned size_lg2;
        uint64_t pa;
        uint64_t value;
        if (sscanf(line, "root %" SCNx64, &pa) == 1) {
            image->regime.root = pa;
        } else if (sscanf(line, "physical_size_lg2 %u", &size_lg2) == 1) {
            image->regime.physical_size_lg2 = (uint8_t)size_lg2;
        } else if (sscanf(line, "q %" SCNx64 " %" SCNx64, &pa, &value) == 2) {
            assert_true(image->words < WORDS_MAX);
            image->word[image->words].pa = pa;
            image->word[image->words++].value = value;
        } else if (strncmp(line, "image ", 6) != 0) {
            fail_msg("%s.img has a line of no known form: %s", name, line);
        }
    }
    (void)fclose(file);
    assert_true(image->words > 0);
}

struct row {
    unsigned id;
    char image[16];
    enum privilege privilege;
    enum access_kind access;
    bool pan;
    uint64_t va;
    char result[16];
    uint64_t pa_page;
    unsigned fst;
};

static bool parse_row(const char *line, struct row *row)
{
    char privilege[16];
    char access[16];
    unsigned pan;
    int fields = sscanf(line, "%u,%15[^,],%15[^,],%15[^,],%u,%" SCNx64 ",%15[^,],%" SCNx64 ",%x", &row->id,
                        row->image, privilege, access, &pan, &row->va, row->result, &row->pa_page, &row->fst);
    row->pan = pan;
    row->privilege = strcmp(privilege, "user") == 0 ? PRIVILEGE_USER : PRIVILEGE_KERNEL;
    row->access = strcmp(access, "load") == 0    ? ACCESS_LOAD
                  : strcmp(access, "store") == 0 ? ACCESS_STORE
                                                 : ACCESS_FETCH;
    return fields == 9;
}

/* What the MMU, which is not in this library, makes of a leaf's rights. PAN: D8.4.1.2, privileged access
 * never. */
static bool is_permitted(const struct walk_leaf *leaf, const struct row *row)
{
    const unsigned user_data =
        ACCESS_RIGHT(PRIVILEGE_USER, ACCESS_LOAD) | ACCESS_RIGHT(PRIVILEGE_USER, ACCESS_STORE);
    if (row->pan && row->privilege == PRIVILEGE_KERNEL && row->access != ACCESS_FETCH &&
        leaf->rights & user_data)
        return false;
    return leaf->rights & ACCESS_RIGHT(row->privilege, row->access);
}

/* ESR_ELx.DFSC, PAR_EL1.FST. */
static unsigned fault_status_code(enum fault_kind kind, unsigned level)
{
    static const unsigned codes[FAULT_KINDS] = {[FAULT_ADDRESS_SIZE] = 0x00,
                                                [FAULT_TRANSLATION] = 0x04,
                                                [FAULT_ACCESS_FLAG] = 0x08,
                                                [FAULT_PERMISSION] = 0x0c,
                                                [FAULT_EXTERNAL_ABORT] = 0x14};
    return codes[kind] + level;
}

static void replay(const struct image *image, const struct row *row)
{
    const struct memory_reader reader = {.read = read_image, .context = (void *)(uintptr_t)image};
    struct walk_state walk;
    enum walk_status status = interpret_address(&image->regime, &reader, row->va, &walk);
    if (status == WALK_LEAF && is_permitted(&walk.leaf, row)) {
        uint64_t pa = walk.leaf.frame.base + (row->va - walk.leaf.va);
        if (strcmp(row->result, "ok") != 0 || (pa & ~UINT64_C(0xfff)) != row->pa_page)
            fail_msg("row %u: 0x%" PRIx64 " should be %s, page 0x%" PRIx64, row->id, pa, row->result,
                     row->pa_page);
        return;
    }
    unsigned code = status == WALK_LEAF ? fault_status_code(FAULT_PERMISSION, walk.leaf.level)
                                        : fault_status_code(walk.fault, walk.fault_level);
    if (strcmp(row->result, "ok") == 0 || code != row->fst)
        fail_msg("row %u: fault 0x%02x should be %s, 0x%02x", row->id, code, row->result, row->fst);
}

static void good_every_row_in_scope_agrees(void **state)
{
    struct image image = {.words = 0};
    struct row row;
    char line[256];
    unsigned rows = 0;
    FILE *file = open_data("rows", ".csv");
    assert_non_null(fgets(line, sizeof line, file));
    for (; fgets(line, sizeof line, file); rows++) {
        assert_true(parse_row(line, &row));
        if (strcmp(image.name, row.image) != 0)
            load_image(&image, row.image);
        replay(&image, &row);
    }
    (void)fclose(file);
    print_message("%u rows agree\n", rows);
    assert_true(rows > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(good_every_row_in_scope_agrees)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
