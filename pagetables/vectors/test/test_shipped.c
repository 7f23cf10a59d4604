/*
 * The vectors that are shipped: how many rows of each file agree, and that a changed value of any column of
 * any kind is noticed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "pagetables/vectors/csv.h"
#include "pagetables/vectors/run.h"

/* What is known of a file. The counts are those of rows; whoever changes one says why in the README. */
static const struct shipped {
    const char *folder;
    const char *file;
    const struct vectors_kind *kind;
    unsigned long agree, with_open, excluded, unsupported;
} shipped[] = {
    {"aarch64", "vectors_s1.csv", &vectors_aarch64, 553, 0, 6, 0},
    {"aarch64", "vectors_s2.csv", &vectors_aarch64, 600, 112, 0, 0},
    {"aarch64", "vectors_exec.csv", &vectors_aarch64_fetch, 209, 0, 0, 0},
    {"x86", "vectors.csv", &vectors_x86, 1047, 125, 160, 0},
    {"riscv", "vectors.csv", &vectors_riscv, 1223, 0, 0, 0},
    {"riscv", "vectors_h.csv", &vectors_riscv_two_stages, 889, 0, 0, 0},
};

#define SHIPPED (sizeof shipped / sizeof *shipped)

struct seen {
    const char *file;
    const struct vectors_kind *kind;
    struct vectors_summary summary; /* of that file alone */
    const char *column;             /* that must be what the row that differs differs in */
    const char *id;
    /* By answer: a row that agrees, with a value in that column if there is one. */
    char changeable[VECTORS_ANSWERS_MAX][32];
    bool with_value[VECTORS_ANSWERS_MAX];
};

static bool is_in(const struct seen *seen, const struct vectors_outcome *outcome)
{
    return strcmp(strrchr(outcome->path, '/') + 1, seen->file) == 0;
}

static void choose(struct seen *seen, const struct vectors_outcome *outcome)
{
    for (unsigned i = 0; i < outcome->columns; i++) {
        const struct vectors_compared *compared = &outcome->compared[i];
        bool better = *compared->expected != '\0' || seen->changeable[i][0] == '\0';
        if (outcome->verdict != VECTORS_AGREES || compared->why_open != NULL || seen->with_value[i] ||
            !better)
            continue;
        (void)snprintf(seen->changeable[i], sizeof seen->changeable[i], "%s", outcome->id);
        seen->with_value[i] = *compared->expected != '\0';
    }
}

static bool see(void *context, const struct vectors_outcome *outcome)
{
    struct seen *seen = context;
    if (!is_in(seen, outcome))
        return true;
    assert_ptr_equal(outcome->kind, seen->kind);
    assert_true(vectors_summary_add(&seen->summary, outcome));
    choose(seen, outcome);
    for (unsigned i = 0; i < outcome->columns && outcome->verdict == VECTORS_DIFFERS; i++) {
        const struct vectors_compared *compared = &outcome->compared[i];
        bool changed = seen->id != NULL && strcmp(outcome->id, seen->id) == 0 &&
                       strcmp(compared->column, seen->column) == 0;
        if (compared->differs && !changed)
            fail_msg("%s:%u: id %s, %s: expected %s, ours %s", outcome->path, outcome->line, outcome->id,
                     compared->column, compared->expected, compared->ours);
    }
    return true;
}

static void replay(const char *folder, struct seen *seen)
{
    struct vectors_failure failure;
    const struct vectors_visitor visitor = {.context = seen, .row = see};
    if (!vectors_run(folder, &visitor, &failure))
        fail_msg("%s", failure.text);
}

static void folder_of(const struct shipped *file, char *path, size_t bytes)
{
    int length = snprintf(path, bytes, "%s/%s", VECTORS_DATA, file->folder);
    assert_true(length > 0 && (size_t)length < bytes);
}

static void good_every_file_has_the_counts_that_are_known(void **state)
{
    for (size_t i = 0; i < SHIPPED; i++) {
        struct seen seen = {.file = shipped[i].file, .kind = shipped[i].kind};
        char path[512];
        folder_of(&shipped[i], path, sizeof path);
        replay(path, &seen);
        print_message("%s/%s: %lu agree\n", shipped[i].folder, shipped[i].file,
                      seen.summary.rows[VECTORS_AGREES]);
        assert_int_equal(seen.summary.rows[VECTORS_AGREES], shipped[i].agree);
        assert_int_equal(seen.summary.open_rows, shipped[i].with_open);
        assert_int_equal(seen.summary.rows[VECTORS_EXCLUDED], shipped[i].excluded);
        assert_int_equal(seen.summary.rows[VECTORS_UNSUPPORTED], shipped[i].unsupported);
        assert_int_equal(seen.summary.rows[VECTORS_DIFFERS], 0);
        vectors_summary_release(&seen.summary);
    }
}

/* ---- a changed value ---- */

static void read_csv(const char *path, struct vectors_csv *csv)
{
    struct vectors_failure failure;
    size_t bytes;
    char *text = vectors_read_file(path, &bytes, &failure);
    assert_non_null(text);
    assert_true(vectors_csv_parse(csv, path, text, bytes, &failure));
}

static void write_field(FILE *file, const char *text, bool change)
{
    size_t length = strlen(text);
    if (!change)
        (void)fputs(text, file);
    else if (length == 0)
        (void)fputs("1", file);
    else
        (void)fprintf(file, "%.*s%c", (int)length - 1, text, text[length - 1] == '1' ? '2' : '1');
}

/* The file with one value changed; its fields need no quotes. */
static void write_changed(const struct vectors_csv *csv, const char *path, const char *id, const char *column)
{
    FILE *file = fopen(path, "w");
    int id_column = vectors_csv_column(csv, "id");
    assert_non_null(file);
    assert_true(id_column >= 0);
    for (unsigned i = 0; i < csv->columns; i++)
        (void)fprintf(file, "%s%s", i > 0 ? "," : "", csv->column[i]);
    for (size_t row = 0; row < csv->rows; row++) {
        bool here = strcmp(vectors_csv_field(csv, row, (unsigned)id_column), id) == 0;
        for (unsigned i = 0; i < csv->columns; i++) {
            (void)fputc(i > 0 ? ',' : '\n', file);
            write_field(file, vectors_csv_field(csv, row, i), here && strcmp(csv->column[i], column) == 0);
        }
    }
    assert_int_equal(fclose(file), 0);
}

/* A folder with the images of another one and its suspects. */
struct changed {
    char folder[64];
    char images[128];
    char suspects[128];
    char file[128];
};

static void make_changed(struct changed *changed, const char *folder, const char *file)
{
    char target[600];
    strcpy(changed->folder, "/tmp/mmusim-changed-XXXXXX");
    assert_non_null(mkdtemp(changed->folder));
    (void)snprintf(changed->images, sizeof changed->images, "%s/images", changed->folder);
    (void)snprintf(changed->suspects, sizeof changed->suspects, "%s/suspect_ids.csv", changed->folder);
    (void)snprintf(changed->file, sizeof changed->file, "%s/%s", changed->folder, file);
    (void)snprintf(target, sizeof target, "%s/images", folder);
    assert_int_equal(symlink(target, changed->images), 0);
    (void)snprintf(target, sizeof target, "%s/suspect_ids.csv", folder);
    assert_int_equal(symlink(target, changed->suspects), 0); /* to nothing, where there are no suspects */
}

static void remove_changed(const struct changed *changed)
{
    assert_int_equal(unlink(changed->file), 0);
    assert_int_equal(unlink(changed->images), 0);
    assert_int_equal(unlink(changed->suspects), 0);
    assert_int_equal(rmdir(changed->folder), 0);
}

static void change_column(const struct shipped *file, const struct changed *changed,
                          const struct vectors_csv *csv, const struct seen *before, unsigned answer)
{
    struct seen seen = {.file = file->file,
                        .kind = file->kind,
                        .column = file->kind->answers[answer],
                        .id = before->changeable[answer]};
    if (before->changeable[answer][0] == '\0')
        fail_msg("%s/%s: no row tells column %s", file->folder, file->file, seen.column);
    write_changed(csv, changed->file, seen.id, seen.column);
    replay(changed->folder, &seen);
    if (seen.summary.rows[VECTORS_DIFFERS] != 1)
        fail_msg("%s/%s: column %s of id %s was changed, and %lu rows differ", file->folder, file->file,
                 seen.column, seen.id, seen.summary.rows[VECTORS_DIFFERS]);
    vectors_summary_release(&seen.summary);
}

static void bad_a_changed_value_of_any_column_differs(void **state)
{
    for (size_t i = 0; i < SHIPPED; i++) {
        struct seen before = {.file = shipped[i].file, .kind = shipped[i].kind};
        struct changed changed;
        struct vectors_csv csv;
        char path[512];
        char file[600];
        folder_of(&shipped[i], path, sizeof path);
        replay(path, &before);
        (void)snprintf(file, sizeof file, "%s/%s", path, shipped[i].file);
        read_csv(file, &csv);
        make_changed(&changed, path, shipped[i].file);
        for (unsigned answer = 0; shipped[i].kind->answers[answer] != NULL; answer++)
            change_column(&shipped[i], &changed, &csv, &before, answer);
        remove_changed(&changed);
        vectors_csv_release(&csv);
        vectors_summary_release(&before.summary);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_every_file_has_the_counts_that_are_known),
        cmocka_unit_test(bad_a_changed_value_of_any_column_differs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
