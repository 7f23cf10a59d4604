/* Replays what another implementation did with both stages and with hardware updates: data/ORIGIN.txt. The
 * granules and address sizes that no format has are the same engine with other numbers. */
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
#include "pagetables/two_stage.h"
#include "pagetables/vmsa.h"

#define RAM_BASE  UINT64_C(0x40000000)
#define RAM_END   UINT64_C(0x80000000)
#define WORDS_MAX 256

struct stage {
    struct vmsa_numbers numbers;
    struct walk_format format;
    struct translation_regime regime;
};

struct image {
    char name[16];
    struct stage stage[2];
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

static FILE *open_data(const char *name)
{
    char path[512];
    int length = snprintf(path, sizeof path, "%s/%s", PAGETABLES_TEST_DATA, name);
    assert_true(length > 0 && (size_t)length < sizeof path);
    FILE *file = fopen(path, "r");
    if (!file)
        fail_msg("%s cannot be opened", path);
    return file;
}

/* "stage1 ROOT PAGE_LG2 VA_BITS FIRST_LEVEL BLOCK_LEVEL PHYSICAL_SIZE_LG2 HA HD" */
static bool parse_stage(const char *line, struct stage stage[2])
{
    unsigned which, page_lg2, va_bits, first_level, block_level, size_lg2, access, dirty;
    uint64_t root;
    if (sscanf(line, "stage%u %" SCNx64 " %u %u %u %u %u %u %u", &which, &root, &page_lg2, &va_bits,
               &first_level, &block_level, &size_lg2, &access, &dirty) != 9)
        return false;
    assert_in_range(which, 1, 2);
    struct stage *parsed = &stage[which - 1];
    parsed->numbers = (struct vmsa_numbers){.page_lg2 = (uint8_t)page_lg2,
                                            .va_bits = (uint8_t)va_bits,
                                            .first_level = (uint8_t)first_level,
                                            .block_level = (uint8_t)block_level,
                                            .stage2 = which == 2};
    parsed->format = which == 2 ? vmsa_s2_4k_48 : vmsa_4k_48;
    parsed->format.va_bits = (uint8_t)va_bits;
    parsed->format.page_lg2 = (uint8_t)page_lg2;
    parsed->format.numbers = &parsed->numbers;
    parsed->regime = (struct translation_regime){.format = &parsed->format,
                                                 .root = root,
                                                 .physical_size_lg2 = (uint8_t)size_lg2,
                                                 .hardware_access = access,
                                                 .hardware_dirty = dirty,
                                                 .execute_by_privilege = true};
    return true;
}

static void parse_line(struct image *image, const char *line)
{
    uint64_t pa;
    uint64_t value;
    if (parse_stage(line, image->stage))
        return;
    if (sscanf(line, "q %" SCNx64 " %" SCNx64, &pa, &value) != 2)
        fail_msg("stages.img has a line of no known form: %s", line);
    assert_true(image->words < WORDS_MAX);
    image->word[image->words].pa = pa;
    image->word[image->words++].value = value;
}

static void load_image(struct image *image, const char *name)
{
    FILE *file = open_data("stages.img");
    char line[128];
    char current[16] = "";
    memset(image, 0, sizeof *image);
    memcpy(image->name, name, strlen(name) + 1);
    while (fgets(line, sizeof line, file))
        if (sscanf(line, "image %15s", current) != 1 && strcmp(current, name) == 0)
            parse_line(image, line);
    (void)fclose(file);
    assert_true(image->words > 0);
}

struct row {
    unsigned id;
    char image[16];
    bool both; /* the result of both stages, not of stage 1 alone */
    enum privilege privilege;
    enum access_kind access;
    bool pan;
    uint64_t va;
    char result[16];
    uint64_t pa_page;
    unsigned fst;
    unsigned on_table;
    unsigned stage2;
    char update[80]; /* address:before>after, or - */
};

static bool parse_row(const char *line, struct row *row)
{
    char op[8], privilege[16], access[16];
    unsigned pan;
    int fields = sscanf(
        line, "%u,%15[^,],%7[^,],%15[^,],%15[^,],%u,%" SCNx64 ",%15[^,],%" SCNx64 ",%x,%u,%u,%79[^,\n]",
        &row->id, row->image, op, privilege, access, &pan, &row->va, row->result, &row->pa_page, &row->fst,
        &row->on_table, &row->stage2, row->update);
    row->both = strcmp(op, "s12") == 0;
    row->pan = pan;
    row->privilege = strcmp(privilege, "user") == 0 ? PRIVILEGE_USER : PRIVILEGE_KERNEL;
    row->access = strcmp(access, "load") == 0    ? ACCESS_LOAD
                  : strcmp(access, "store") == 0 ? ACCESS_STORE
                                                 : ACCESS_FETCH;
    return fields == 13;
}

/* What the row's implementation said, or what is said here. */
struct outcome {
    char result[16];
    uint64_t pa_page;
    unsigned fst;
    unsigned on_table;
    unsigned stage2;
    char update[80];
};

/* ESR_ELx.DFSC, PAR_EL1.FST. */
static struct outcome fault_outcome(enum fault_kind kind, unsigned level, unsigned stage, bool on_table)
{
    static const unsigned codes[FAULT_KINDS] = {[FAULT_ADDRESS_SIZE] = 0x00,
                                                [FAULT_TRANSLATION] = 0x04,
                                                [FAULT_ACCESS_FLAG] = 0x08,
                                                [FAULT_PERMISSION] = 0x0c,
                                                [FAULT_EXTERNAL_ABORT] = 0x14};
    bool abort = kind == FAULT_EXTERNAL_ABORT;
    struct outcome outcome = {.fst = codes[kind] + level,
                              .stage2 = stage == 2 && !abort,
                              .on_table = on_table && !abort,
                              .update = "-"};
    strcpy(outcome.result, abort ? "extabort" : "fault");
    return outcome;
}

static struct outcome good_outcome(uint64_t pa)
{
    return (struct outcome){.result = "ok", .pa_page = pa & ~UINT64_C(0xfff), .update = "-"};
}

static void note_update(struct outcome *outcome, const struct walk_update *update)
{
    (void)snprintf(outcome->update, sizeof outcome->update, "%" PRIx64 ":%" PRIx64 ">%" PRIx64, update->pa,
                   update->expected, update->desired);
}

/* What the MMU, which is not in this library, makes of rights. PAN: D8.4.1.2, privileged access never. */
static bool is_permitted(unsigned rights, unsigned stage1_rights, const struct row *row)
{
    const unsigned user_data =
        ACCESS_RIGHT(PRIVILEGE_USER, ACCESS_LOAD) | ACCESS_RIGHT(PRIVILEGE_USER, ACCESS_STORE);
    if (row->pan && row->privilege == PRIVILEGE_KERNEL && row->access != ACCESS_FETCH &&
        stage1_rights & user_data)
        return false;
    return rights & ACCESS_RIGHT(row->privilege, row->access);
}

/* ---- One stage ---- */

static struct outcome translate_one(struct image *image, const struct stage *stage, const struct row *row)
{
    const struct memory_reader reader = {read_image, image};
    unsigned number = stage->numbers.stage2 ? 2 : 1;
    struct walk_state walk;
    struct walk_update update;
    if (interpret_address(&stage->regime, &reader, row->va, &walk) == WALK_FAULT)
        return fault_outcome(walk.fault, walk.fault_level, number, false);
    if (!is_permitted(walk.leaf.rights_when_dirty, walk.leaf.rights_when_dirty, row))
        return fault_outcome(FAULT_PERMISSION, walk.leaf.level, number, false);
    struct outcome outcome = good_outcome(walk.leaf.frame.base + (row->va - walk.leaf.va));
    while (walk_needs_update(&walk, row->access == ACCESS_STORE, &update)) {
        note_update(&outcome, &update);
        walk.regime->format->updated(&walk);
    }
    assert_true(walk.leaf.rights & ACCESS_RIGHT(row->privilege, row->access));
    return outcome;
}

/* ---- Two stages ---- */

static enum two_stage_status read_words(struct two_stage_walk *walk, struct image *image)
{
    uint64_t word;
    return read_image(image, walk->fetch[0], &word) ? two_stage_resume(walk, &word) : two_stage_abort(walk);
}

/* To the end, or, for stage 1 alone, until its output would be translated. */
static enum two_stage_status go_on(struct two_stage_walk *walk, struct image *image, const struct row *row,
                                   struct outcome *outcome, enum two_stage_status status)
{
    while (status != TWO_STAGE_LEAF && status != TWO_STAGE_FAULT) {
        if (status == TWO_STAGE_TRANSLATE && !row->both && !walk->on_table)
            break;
        if (status == TWO_STAGE_TRANSLATE) {
            status = two_stage_walk_stage2(walk, NULL);
        } else if (status == TWO_STAGE_FETCH) {
            status = read_words(walk, image);
        } else {
            note_update(outcome, &walk->update);
            status = two_stage_updated(walk);
        }
    }
    return status;
}

static struct outcome outcome_of_fault(const struct two_stage_walk *walk, const struct outcome *before)
{
    const struct two_stage_fault *fault = &walk->fault;
    struct outcome outcome = fault_outcome(fault->kind, fault->level, fault->stage, fault->on_table);
    memcpy(outcome.update, before->update, sizeof outcome.update);
    return outcome;
}

static struct outcome translate_two(struct image *image, const struct row *row)
{
    const struct two_stage_regime regime = {&image->stage[0].regime, &image->stage[1].regime};
    struct outcome outcome = {.update = "-"};
    struct two_stage_walk walk;
    unsigned right = ACCESS_RIGHT(row->privilege, row->access);
    enum two_stage_status status =
        go_on(&walk, image, row, &outcome, two_stage_start(&walk, &regime, row->va, NULL));
    unsigned first = walk.stage1.leaf.rights_when_dirty;
    if (status == TWO_STAGE_TRANSLATE && !is_permitted(first, first, row))
        return fault_outcome(FAULT_PERMISSION, walk.stage1.leaf.level, 1, false);
    if (status == TWO_STAGE_TRANSLATE)
        return good_outcome(walk.ipa);
    /* D8.1.5: a fault of stage 1 comes before one of stage 2 on what stage 1 translates to. */
    if (status == TWO_STAGE_FAULT && walk.fault.stage == 2 && !walk.fault.on_table &&
        !is_permitted(first, first, row))
        return fault_outcome(FAULT_PERMISSION, walk.stage1.leaf.level, 1, false);
    if (status == TWO_STAGE_LEAF && !is_permitted(walk.leaf.rights_when_dirty, first, row))
        status = two_stage_refuse(&walk, right);
    if (status == TWO_STAGE_LEAF)
        status = go_on(&walk, image, row, &outcome, two_stage_use(&walk, row->access == ACCESS_STORE));
    if (status == TWO_STAGE_FAULT)
        return outcome_of_fault(&walk, &outcome);
    struct outcome good = good_outcome(walk.leaf.frame.base + (row->va - walk.leaf.va));
    memcpy(good.update, outcome.update, sizeof good.update);
    return good;
}

/* ---- The rows ---- */

static void replay(struct image *image, const struct row *row)
{
    bool first = image->stage[0].format.start;
    bool second = image->stage[1].format.start;
    struct outcome here =
        first && second ? translate_two(image, row) : translate_one(image, &image->stage[first ? 0 : 1], row);
    if (strcmp(here.result, row->result) != 0 || here.pa_page != row->pa_page || here.fst != row->fst ||
        here.on_table != row->on_table || here.stage2 != row->stage2 || strcmp(here.update, row->update) != 0)
        fail_msg("row %u of %s: %s, page 0x%" PRIx64 ", fst 0x%x, on a table %u, stage 2 %u, update %s; "
                 "should be %s, page 0x%" PRIx64 ", fst 0x%x, on a table %u, stage 2 %u, update %s",
                 row->id, row->image, here.result, here.pa_page, here.fst, here.on_table, here.stage2,
                 here.update, row->result, row->pa_page, row->fst, row->on_table, row->stage2, row->update);
}

static void good_every_row_of_stages_and_updates_agrees(void **state)
{
    static struct image image;
    struct row row;
    char line[256];
    unsigned rows = 0;
    unsigned updates = 0;
    FILE *file = open_data("stages.csv");
    assert_non_null(fgets(line, sizeof line, file));
    for (; fgets(line, sizeof line, file); rows++) {
        assert_true(parse_row(line, &row));
        if (strcmp(image.name, row.image) != 0)
            load_image(&image, row.image);
        replay(&image, &row);
        updates += strcmp(row.update, "-") != 0;
    }
    (void)fclose(file);
    print_message("%u rows agree, %u with an update\n", rows, updates);
    assert_true(rows > 0 && updates > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(good_every_row_of_stages_and_updates_agrees)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
