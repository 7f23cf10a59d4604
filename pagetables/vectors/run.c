#include "pagetables/vectors/run.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pagetables/vectors/row.h"

#define PATH_BYTES   4096
#define SUSPECTS     "suspect_ids.csv"
#define IMAGE_SUFFIX ".img"

struct run {
    const char *directory;
    const struct vectors_visitor *visitor;
    struct vectors_failure *failure;
    bool stopped;
    struct vectors_csv suspects;
    unsigned suspect_file, suspect_id, suspect_why; /* columns */
    struct vectors_image *image;                    /* the last one used */
    struct vectors_outcome outcome;
    struct vectors_answer answer;
};

/* One CSV file of a run. */
struct replayed {
    const char *name;
    char path[PATH_BYTES];
    struct vectors_csv csv;
    struct vectors_file file;
    unsigned id, image; /* columns */
};

static bool join(const struct run *run, char *path, const char *folder, const char *name, const char *suffix)
{
    int length = snprintf(path, PATH_BYTES, "%s/%s%s%s", run->directory, folder, name, suffix);
    return (length > 0 && length < PATH_BYTES) ||
           vectors_fail(run->failure, "%s/%s%.100s: the path is too long", run->directory, folder, name);
}

static bool parse_file(const char *path, struct vectors_csv *csv, struct vectors_failure *failure)
{
    size_t bytes;
    char *text = vectors_read_file(path, &bytes, failure);
    return text != NULL && vectors_csv_parse(csv, path, text, bytes, failure);
}

/* ---- suspects ---- */

static bool find_column(const struct vectors_csv *csv, const char *path, const char *column, unsigned *index,
                        struct vectors_failure *failure)
{
    int found = vectors_csv_column(csv, column);
    *index = (unsigned)found;
    return found >= 0 ||
           vectors_fail(failure, "%s:1: has no column '%s'; file, id and why would be right", path, column);
}

/* `path` has room for PATH_BYTES. */
static bool read_suspects(struct run *run, char *path)
{
    if (!join(run, path, "", SUSPECTS, ""))
        return false;
    FILE *file = fopen(path, "r");
    if (file == NULL && errno == ENOENT)
        return true; /* no row is suspect */
    if (file != NULL)
        (void)fclose(file); /* only read */
    return parse_file(path, &run->suspects, run->failure) &&
           find_column(&run->suspects, path, "file", &run->suspect_file, run->failure) &&
           find_column(&run->suspects, path, "id", &run->suspect_id, run->failure) &&
           find_column(&run->suspects, path, "why", &run->suspect_why, run->failure);
}

/* Why the row is not to be believed; NULL if it is. */
static const char *suspicion(const struct run *run, const char *name, const char *id)
{
    const struct vectors_csv *csv = &run->suspects;
    for (size_t row = 0; row < csv->rows; row++)
        if (strcmp(vectors_csv_field(csv, row, run->suspect_file), name) == 0 &&
            strcmp(vectors_csv_field(csv, row, run->suspect_id), id) == 0)
            return vectors_csv_field(csv, row, run->suspect_why);
    return NULL;
}

/* ---- images ---- */

static bool read_image(struct run *run, const struct replayed *replayed, unsigned line, const char *name)
{
    char path[PATH_BYTES];
    size_t bytes;
    if (name[0] == '\0' || strchr(name, '/') != NULL)
        return vectors_fail(run->failure,
                            "%s:%u: the image is called %s; the name of a file in images/ "
                            "without its .img would be right",
                            replayed->path, line, vectors_quote(name, strlen(name)).text);
    if (!join(run, path, "images/", name, IMAGE_SUFFIX))
        return false;
    FILE *file = fopen(path, "r");
    if (file == NULL)
        return vectors_fail(run->failure, "%s:%u: its image cannot be read: %s: %s", replayed->path, line,
                            path, strerror(errno));
    (void)fclose(file); /* only read */
    vectors_image_free(run->image);
    run->image = NULL;
    char *text = vectors_read_file(path, &bytes, run->failure);
    if (text != NULL)
        run->image = vectors_image_parse(path, name, text, bytes, run->failure);
    free(text);
    return run->image != NULL;
}

/* Rows of an image stand together, so the last image is the only one kept. */
static bool use_image(struct run *run, const struct replayed *replayed, unsigned line, const char *name)
{
    if ((run->image == NULL || strcmp(vectors_image_name(run->image), name) != 0) &&
        !read_image(run, replayed, line, name))
        return false;
    vectors_image_reset(run->image);
    return true;
}

/* ---- rows ---- */

/* What is the same, what differs, what is open; whether something was compared. */
static bool compare(struct run *run, const struct vectors_row *row, bool *differs)
{
    struct vectors_outcome *outcome = &run->outcome;
    const char *const *answers = outcome->kind->answers;
    bool compared = false;
    *differs = false;
    for (unsigned i = 0; answers[i] != NULL; i++) {
        struct vectors_compared *column = &outcome->compared[outcome->columns++];
        *column = (struct vectors_compared){.column = answers[i],
                                            .expected = vectors_text(row, answers[i]),
                                            .ours = run->answer.column[i].said,
                                            .why_open = run->answer.column[i].why_open};
        column->differs = column->why_open == NULL && strcmp(column->expected, column->ours) != 0;
        compared |= column->why_open == NULL;
        *differs |= column->differs;
    }
    return compared;
}

static void judge(struct run *run, const struct vectors_row *row, const char *suspect)
{
    struct vectors_outcome *outcome = &run->outcome;
    bool differs;
    bool compared = compare(run, row, &differs);
    if (suspect != NULL) {
        outcome->verdict = VECTORS_EXCLUDED;
        outcome->why = suspect;
        outcome->agrees_nevertheless = compared && !differs;
    } else if (!compared) {
        outcome->verdict = VECTORS_UNSUPPORTED;
        outcome->why = outcome->columns > 0 ? outcome->compared[0].why_open : "the kind answers no column";
    } else {
        outcome->verdict = differs ? VECTORS_DIFFERS : VECTORS_AGREES;
    }
}

static bool check_room(struct run *run, const struct vectors_outcome *outcome, bool all_steps)
{
    if (!all_steps)
        return vectors_fail(run->failure, "%s:%u: more than %d words were read and written for one row",
                            outcome->path, outcome->line, VECTORS_STEPS_MAX);
    return !run->answer.cut || vectors_fail(run->failure, "%s:%u: an answer is longer than %d characters",
                                            outcome->path, outcome->line, VECTORS_ANSWER_BYTES - 1);
}

static bool replay_row(struct run *run, const struct replayed *replayed, size_t number)
{
    bool failed = false;
    const char *why = "the kind does not say why";
    struct vectors_outcome *outcome = &run->outcome;
    const struct vectors_csv *csv = &replayed->csv;
    const struct vectors_row row = {csv, replayed->path, number, run->failure, &failed};
    *outcome = (struct vectors_outcome){.path = replayed->path,
                                        .line = csv->lines[number],
                                        .id = vectors_csv_field(csv, number, replayed->id),
                                        .kind = replayed->file.kind,
                                        .image = vectors_csv_field(csv, number, replayed->image),
                                        .row = &row};
    const char *suspect = suspicion(run, replayed->name, outcome->id);
    if (!use_image(run, replayed, outcome->line, outcome->image))
        return false;
    vectors_answer_clear(&run->answer, outcome->kind);
    bool answered = outcome->kind->replay(&row, run->image, &run->answer, &why);
    bool all_steps = vectors_image_steps(run->image, &outcome->step, &outcome->steps);
    if (failed || !check_room(run, outcome, all_steps))
        return false;
    if (answered) {
        judge(run, &row, suspect);
    } else {
        outcome->verdict = suspect != NULL ? VECTORS_EXCLUDED : VECTORS_UNSUPPORTED;
        outcome->why = suspect != NULL ? suspect : why;
    }
    run->stopped = !run->visitor->row(run->visitor->context, outcome);
    return true;
}

/* ---- files ---- */

static unsigned missing_columns(const struct vectors_csv *csv, const char *const *columns, const char **first)
{
    unsigned missing = 0;
    for (unsigned i = 0; columns[i] != NULL; i++)
        if (vectors_csv_column(csv, columns[i]) < 0 && missing++ == 0 && *first == NULL)
            *first = columns[i];
    return missing;
}

static const struct vectors_kind *kind_at(const struct run *run, unsigned index)
{
    return run->visitor->kinds != NULL ? run->visitor->kinds[index] : vectors_kind_at(index);
}

/* The first kind whose columns are all there; else NULL, and the one that lacks least, with a column that it
 * lacks. */
static const struct vectors_kind *find_kind(const struct run *run, const struct vectors_csv *csv,
                                            const struct vectors_kind **nearest, const char **lacks)
{
    const struct vectors_kind *kind;
    unsigned least = ~0U;
    *nearest = NULL;
    for (unsigned i = 0; (kind = kind_at(run, i)) != NULL; i++) {
        const char *first = NULL;
        unsigned missing = missing_columns(csv, kind->asks, &first);
        missing += missing_columns(csv, kind->answers, &first);
        if (missing == 0)
            return kind;
        if (missing >= least)
            continue;
        least = missing;
        *nearest = kind;
        *lacks = first;
    }
    return NULL;
}

static bool is_listed(const char *const *columns, const char *column)
{
    while (*columns != NULL && strcmp(*columns, column) != 0)
        columns++;
    return *columns != NULL;
}

static void list_ignored(struct vectors_file *file, const struct vectors_csv *csv)
{
    for (unsigned i = 0; i < csv->columns; i++) {
        const char *column = csv->column[i];
        if (strcmp(column, "id") != 0 && strcmp(column, "image") != 0 &&
            !is_listed(file->kind->asks, column) && !is_listed(file->kind->answers, column))
            file->ignored_column[file->ignored++] = column;
    }
}

/* Finds the kind; a file that was not meant as vectors keeps none. */
static bool identify(struct run *run, struct replayed *replayed)
{
    const struct vectors_kind *nearest;
    const char *lacks = NULL;
    struct vectors_file *file = &replayed->file;
    int id = vectors_csv_column(&replayed->csv, "id");
    int image = vectors_csv_column(&replayed->csv, "image");
    *file = (struct vectors_file){.path = replayed->path, .rows = replayed->csv.rows};
    if (id < 0 || image < 0)
        return true;
    replayed->id = (unsigned)id;
    replayed->image = (unsigned)image;
    file->kind = find_kind(run, &replayed->csv, &nearest, &lacks);
    if (file->kind != NULL) {
        list_ignored(file, &replayed->csv);
        return true;
    }
    if (nearest == NULL)
        return vectors_fail(run->failure, "%s:1: there is no kind of rows", replayed->path);
    return vectors_fail(run->failure,
                        "%s:1: its columns are those of no kind of rows; the nearest is '%s', which needs "
                        "a column '%s', too",
                        replayed->path, nearest->name, lacks);
}

static bool replay_rows(struct run *run, struct replayed *replayed)
{
    if (!identify(run, replayed))
        return false;
    if (run->visitor->file != NULL)
        run->visitor->file(run->visitor->context, &replayed->file);
    if (replayed->file.kind == NULL)
        return true;
    if (!vectors_csv_check_ids(&replayed->csv, replayed->path, replayed->id, run->failure))
        return false;
    for (size_t row = 0; row < replayed->csv.rows && !run->stopped; row++)
        if (!replay_row(run, replayed, row))
            return false;
    return true;
}

static bool replay_file(struct run *run, struct replayed *replayed, const char *name)
{
    replayed->name = name;
    if (!join(run, replayed->path, "", name, "") || !parse_file(replayed->path, &replayed->csv, run->failure))
        return false;
    bool fine = replay_rows(run, replayed);
    vectors_csv_release(&replayed->csv);
    return fine;
}

/* ---- the folder ---- */

static int is_csv(const struct dirent *entry)
{
    size_t length = strlen(entry->d_name);
    return entry->d_name[0] != '.' && length > 4 && strcmp(entry->d_name + length - 4, ".csv") == 0 &&
           strcmp(entry->d_name, SUSPECTS) != 0;
}

static int compare_names(const struct dirent **left, const struct dirent **right)
{
    return strcmp((*left)->d_name, (*right)->d_name); /* not alphasort: the same order in every locale */
}

static bool replay_each(struct run *run, struct replayed *replayed, struct dirent *const *files, int count)
{
    for (int i = 0; i < count && !run->stopped; i++)
        if (!replay_file(run, replayed, files[i]->d_name))
            return false;
    return true;
}

static bool replay_files(struct run *run)
{
    struct dirent **files;
    int count = scandir(run->directory, &files, is_csv, compare_names);
    if (count < 0)
        return vectors_fail(run->failure, "%s: is no folder that can be read: %s", run->directory,
                            strerror(errno));
    struct replayed *replayed = malloc(sizeof *replayed);
    bool fine = false;
    if (replayed != NULL)
        fine = replay_each(run, replayed, files, count);
    else
        (void)vectors_fail(run->failure, "%s: there is no memory", run->directory);
    for (int i = 0; i < count; i++)
        free(files[i]);
    free(files);
    free(replayed);
    return fine;
}

bool vectors_run(const char *directory, const struct vectors_visitor *visitor,
                 struct vectors_failure *failure)
{
    char path[PATH_BYTES];
    struct run *run = calloc(1, sizeof *run);
    if (run == NULL)
        return vectors_fail(failure, "%s: there is no memory", directory);
    run->directory = directory;
    run->visitor = visitor;
    run->failure = failure;
    bool fine = read_suspects(run, path) && replay_files(run);
    vectors_csv_release(&run->suspects);
    vectors_image_free(run->image);
    free(run);
    return fine;
}
