/* The runner, with a kind of rows made up here: which verdicts rows get, and which folders it refuses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "pagetables/vectors/run.h"

/* ---- a kind: the word at `va`, plus one where `op` is "add", written back where it is "keep" ---- */

static bool replay_sum(const struct vectors_row *row, struct vectors_image *image,
                       struct vectors_answer *answer, const char **why)
{
    const char *op = vectors_text(row, "op");
    uint64_t va = vectors_hex(row, "va");
    uint64_t word = vectors_word(image, va) + (strcmp(op, "add") == 0);
    if (strcmp(op, "divide") == 0) {
        *why = "no division";
        return false;
    }
    if (strcmp(op, "add") != 0 && strcmp(op, "get") != 0 && strcmp(op, "keep") != 0)
        vectors_unknown_text(row, "op", "add, get, keep or divide");
    if (strcmp(op, "keep") == 0) {
        const struct walk_update update = {.pa = va, .expected = word, .desired = word + 1};
        vectors_set_word(image, va, update.desired);
        vectors_say_update(answer, "writes", &update);
        vectors_say_update(answer, "writes", &update);
    }
    vectors_say(answer, "result", "%" PRIx64, word);
    if (va == 0x18)
        vectors_leave_open(answer, "writes", "nobody knows");
    if (va == 0x20) {
        vectors_leave_open(answer, "result", "nothing is known");
        vectors_leave_open(answer, "writes", "nothing is known");
    }
    return true;
}

static const char *const sum_asks[] = {"op", "va", NULL};
static const char *const sum_answers[] = {"result", "writes", NULL};
static const struct vectors_kind sum = {"sum", sum_asks, sum_answers, replay_sum};
static const struct vectors_kind *const kinds[] = {&sum, NULL};

/* ---- a folder ---- */

struct folder {
    char path[64];
    char seen[2048]; /* "id verdict\n" of each row */
    char files[512];
    struct vectors_summary summary;
    struct vectors_failure failure;
    unsigned stop_after; /* rows; 0: never */
    unsigned rows;
};

static void write_file(const struct folder *folder, const char *name, const char *text)
{
    char path[128];
    int length = snprintf(path, sizeof path, "%s/%s", folder->path, name);
    assert_true(length > 0 && (size_t)length < sizeof path);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static int make_folder(void **state)
{
    struct folder *folder = calloc(1, sizeof *folder);
    char images[128];
    assert_non_null(folder);
    strcpy(folder->path, "/tmp/mmusim-vectors-XXXXXX");
    assert_non_null(mkdtemp(folder->path));
    (void)snprintf(images, sizeof images, "%s/images", folder->path);
    assert_int_equal(mkdir(images, 0700), 0);
    write_file(folder, "images/a.img", "image a\nq 8 10\n");
    write_file(folder, "images/b.img", "image b\nq 8 20\n");
    *state = folder;
    return 0;
}

static void empty_folder(const char *path)
{
    DIR *directory = opendir(path);
    assert_non_null(directory);
    for (struct dirent *entry = readdir(directory); entry != NULL; entry = readdir(directory)) {
        char name[512];
        (void)snprintf(name, sizeof name, "%s/%s", path, entry->d_name);
        if (strcmp(entry->d_name, "images") == 0)
            empty_folder(name);
        else if (entry->d_name[0] != '.')
            assert_int_equal(unlink(name), 0);
    }
    assert_int_equal(closedir(directory), 0);
    assert_int_equal(rmdir(path), 0);
}

static int remove_folder(void **state)
{
    struct folder *folder = *state;
    empty_folder(folder->path);
    vectors_summary_release(&folder->summary);
    free(folder);
    return 0;
}

static void see_file(void *context, const struct vectors_file *file)
{
    struct folder *folder = context;
    size_t used = strlen(folder->files);
    (void)snprintf(folder->files + used, sizeof folder->files - used, "%s %s%s%s\n",
                   strrchr(file->path, '/') + 1, file->kind != NULL ? file->kind->name : "none",
                   file->ignored > 0 ? " but " : "", file->ignored > 0 ? file->ignored_column[0] : "");
}

static bool see_row(void *context, const struct vectors_outcome *outcome)
{
    static const char *const names[VECTORS_VERDICTS] = {"agrees", "differs", "excluded", "unsupported"};
    struct folder *folder = context;
    size_t used = strlen(folder->seen);
    (void)snprintf(folder->seen + used, sizeof folder->seen - used, "%s %s%s%s\n", outcome->id,
                   names[outcome->verdict], outcome->why != NULL ? ": " : "",
                   outcome->why != NULL ? outcome->why : "");
    for (unsigned i = 0; i < outcome->columns; i++) {
        used = strlen(folder->seen);
        if (outcome->compared[i].differs)
            (void)snprintf(folder->seen + used, sizeof folder->seen - used, "  %s %s, not %s\n",
                           outcome->compared[i].column, outcome->compared[i].expected,
                           outcome->compared[i].ours);
    }
    assert_true(vectors_summary_add(&folder->summary, outcome));
    return ++folder->rows != folder->stop_after;
}

static bool run(struct folder *folder)
{
    const struct vectors_visitor visitor = {
        .context = folder, .file = see_file, .row = see_row, .kinds = kinds};
    return vectors_run(folder->path, &visitor, &folder->failure);
}

static void run_well(struct folder *folder, const char *seen)
{
    if (!run(folder))
        fail_msg("refused: %s", folder->failure.text);
    assert_string_equal(folder->seen, seen);
}

/* `sentence` stands behind the folder's path and a slash. */
static void refuse(struct folder *folder, const char *sentence)
{
    char whole[512];
    assert_false(run(folder));
    (void)snprintf(whole, sizeof whole, "%s/%s", folder->path, sentence);
    assert_string_equal(folder->failure.text, whole);
}

static void refuse_rows(struct folder *folder, const char *rows, const char *sentence)
{
    write_file(folder, "v.csv", rows);
    refuse(folder, sentence);
}

/* ---- verdicts ---- */

static void good_a_row_agrees_when_every_column_does(void **state)
{
    struct folder *folder = *state;
    write_file(folder, "v.csv", "id,image,op,va,result,writes\n1,a,get,8,10,\n2,b,add,8,21,\n");
    run_well(folder, "1 agrees\n2 agrees\n");
    assert_int_equal(folder->summary.rows[VECTORS_AGREES], 2);
}

static void bad_a_row_differs_when_one_column_does(void **state)
{
    struct folder *folder = *state;
    write_file(folder, "v.csv", "id,image,op,va,result,writes\n1,a,get,8,11,\n2,b,get,8,20,8:1>2\n");
    run_well(folder, "1 differs\n  result 11, not 10\n2 differs\n  writes 8:1>2, not \n");
    assert_int_equal(folder->summary.rows[VECTORS_DIFFERS], 2);
}

static void good_each_row_starts_from_the_image_as_it_was_read(void **state)
{
    struct folder *folder = *state;
    write_file(folder, "v.csv",
               "id,image,op,va,result,writes\n1,a,keep,8,10,8:10>11;8:10>11\n2,a,get,8,10,\n3,b,get,8,20,\n"
               "4,a,get,8,10,\n");
    run_well(folder, "1 agrees\n2 agrees\n3 agrees\n4 agrees\n");
}

static void good_suspect_rows_are_excluded_with_the_reason(void **state)
{
    struct folder *folder = *state;
    write_file(folder, "suspect_ids.csv", "file,id,why\nv.csv,1,\"wrong, says the manual\"\nw.csv,2,other\n");
    write_file(folder, "v.csv",
               "id,image,op,va,result,writes\n1,a,get,8,11,\n2,a,get,8,10,\n3,a,get,8,10,\n");
    run_well(folder, "1 excluded: wrong, says the manual\n  result 11, not 10\n2 agrees\n3 agrees\n");
    assert_int_equal(folder->summary.reasons, 1);
    assert_int_equal(folder->summary.reason[0].rows, 1);
    assert_int_equal(folder->summary.reason[0].agree_nevertheless, 0);
}

static void good_a_suspect_row_that_agrees_is_told(void **state)
{
    struct folder *folder = *state;
    write_file(folder, "suspect_ids.csv", "file,id,why\nv.csv,1,doubtful\n");
    write_file(folder, "v.csv", "id,image,op,va,result,writes\n1,a,get,8,10,\n");
    run_well(folder, "1 excluded: doubtful\n");
    assert_int_equal(folder->summary.reason[0].agree_nevertheless, 1);
}

static void good_open_columns_are_not_compared_but_counted(void **state)
{
    struct folder *folder = *state;
    write_file(folder, "v.csv",
               "id,image,op,va,result,writes\n1,a,get,18,0,?\n2,a,get,18,1,?\n3,a,get,18,0,?\n");
    run_well(folder, "1 agrees\n2 differs\n  result 1, not 0\n3 agrees\n");
    assert_int_equal(folder->summary.open_rows, 3);
    assert_int_equal(folder->summary.reasons, 1);
    assert_string_equal(folder->summary.reason[0].column, "writes");
    assert_string_equal(folder->summary.reason[0].why, "nobody knows");
    assert_int_equal(folder->summary.reason[0].rows, 3);
}

static void bad_a_row_of_which_nothing_is_compared_does_not_agree(void **state)
{
    struct folder *folder = *state;
    write_file(folder, "v.csv", "id,image,op,va,result,writes\n1,a,get,20,0,\n2,a,divide,8,0,\n");
    run_well(folder, "1 unsupported: nothing is known\n2 unsupported: no division\n");
    assert_int_equal(folder->summary.rows[VECTORS_UNSUPPORTED], 2);
    assert_int_equal(folder->summary.rows[VECTORS_AGREES], 0);
    assert_int_equal(folder->summary.reasons, 2);
}

static void good_a_visitor_can_stop(void **state)
{
    struct folder *folder = *state;
    write_file(folder, "v.csv", "id,image,op,va,result,writes\n1,a,get,8,10,\n2,missing,get,8,10,\n");
    folder->stop_after = 1;
    run_well(folder, "1 agrees\n");
}

/* ---- files ---- */

static void good_files_are_replayed_in_order_and_others_left_alone(void **state)
{
    struct folder *folder = *state;
    write_file(folder, "b.csv", "id,image,op,va,result,writes,more\n1,a,get,8,10,,x\n");
    write_file(folder, "a.csv", "writes,result,va,op,image,id\n,20,8,get,b,7\n");
    write_file(folder, "notes.csv", "id,text\n1,a\n");
    write_file(folder, "readme.txt", "id,image\n");
    run_well(folder, "7 agrees\n1 agrees\n");
    assert_string_equal(folder->files, "a.csv sum\nb.csv sum but more\nnotes.csv none\n");
}

static void bad_columns_of_no_kind_are_refused(void **state)
{
    refuse_rows(
        *state, "id,image,op,result,writes\n1,a,get,10,\n",
        "v.csv:1: its columns are those of no kind of rows; the nearest is 'sum', which needs a column "
        "'va', too");
}

static void bad_a_second_row_with_an_id_is_refused(void **state)
{
    refuse_rows(*state, "id,image,op,va,result,writes\n1,a,get,8,10,\n1,a,get,8,10,\n",
                "v.csv:3: id '1' is that of line 2, too; each row has its own");
}

static void bad_a_truncated_row_is_refused(void **state)
{
    refuse_rows(*state, "id,image,op,va,result,writes\n1,a,get,8\n",
                "v.csv:2: has 4 fields; 6 would be right, one for each column");
}

static void bad_values_are_refused_with_their_column(void **state)
{
    refuse_rows(*state, "id,image,op,va,result,writes\n1,a,get,8,10,\n2,a,get,0x8,10,\n",
                "v.csv:3: column 'va' is '0x8'; a hexadecimal number of 64 bits without 0x would be right");
    refuse_rows(
        *state, "id,image,op,va,result,writes\n1,a,get,12345678123456781,10,\n",
        "v.csv:2: column 'va' is '12345678123456781'; a hexadecimal number of 64 bits without 0x would "
        "be right");
    refuse_rows(*state, "id,image,op,va,result,writes\n1,a,guess,8,10,\n",
                "v.csv:2: column 'op' is 'guess'; add, get, keep or divide would be right");
}

static void bad_a_missing_image_is_refused(void **state)
{
    struct folder *folder = *state;
    char sentence[256];
    (void)snprintf(sentence, sizeof sentence,
                   "v.csv:2: its image cannot be read: %s/images/c.img: No such file or directory",
                   folder->path);
    refuse_rows(folder, "id,image,op,va,result,writes\n1,c,get,8,10,\n", sentence);
    refuse_rows(
        folder, "id,image,op,va,result,writes\n1,../a,get,8,10,\n",
        "v.csv:2: the image is called '../a'; the name of a file in images/ without its .img would be "
        "right");
}

static void bad_an_image_is_refused_with_its_own_line(void **state)
{
    struct folder *folder = *state;
    write_file(folder, "images/c.img", "image c\nq 8 x\n");
    refuse_rows(folder, "id,image,op,va,result,writes\n1,c,get,8,10,\n",
                "images/c.img:2: 'x' is no number: up to 16 hexadecimal digits without 0x would be right");
}

static void bad_suspects_without_a_column_are_refused(void **state)
{
    struct folder *folder = *state;
    write_file(folder, "suspect_ids.csv", "file,id\nv.csv,1\n");
    refuse(folder, "suspect_ids.csv:1: has no column 'why'; file, id and why would be right");
}

static void bad_a_folder_that_is_none_is_refused(void **state)
{
    const struct vectors_visitor visitor = {.row = see_row};
    struct vectors_failure failure;
    assert_false(vectors_run("/nowhere/at/all", &visitor, &failure));
    assert_string_equal(failure.text,
                        "/nowhere/at/all: is no folder that can be read: No such file or directory");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_folder, remove_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(good_a_row_agrees_when_every_column_does),
        TEST(bad_a_row_differs_when_one_column_does),
        TEST(good_each_row_starts_from_the_image_as_it_was_read),
        TEST(good_suspect_rows_are_excluded_with_the_reason),
        TEST(good_a_suspect_row_that_agrees_is_told),
        TEST(good_open_columns_are_not_compared_but_counted),
        TEST(bad_a_row_of_which_nothing_is_compared_does_not_agree),
        TEST(good_a_visitor_can_stop),
        TEST(good_files_are_replayed_in_order_and_others_left_alone),
        TEST(bad_columns_of_no_kind_are_refused),
        TEST(bad_a_second_row_with_an_id_is_refused),
        TEST(bad_a_truncated_row_is_refused),
        TEST(bad_values_are_refused_with_their_column),
        TEST(bad_a_missing_image_is_refused),
        TEST(bad_an_image_is_refused_with_its_own_line),
        TEST(bad_suspects_without_a_column_are_refused),
        TEST(bad_a_folder_that_is_none_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
