/* Hardware's reading of a page table at a past moment, from the words that the record knows. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "pagetables/two_stage.h"
#include "pagetables/walk.h"
#include "sim/record/explain.h"
#include "sim/record/sql.h"

#define SOURCE_BYTES 300

/* Addresses that no configuration refuses: the record does not say how many bits of them the machine has. */
#define PHYSICAL_SIZE_LG2 52

/* A walk under way. */
struct reading {
    sqlite3 *database;
    struct explain_walk *told;
    sqlite3_stmt *word; /* explain/word.sql */
    sqlite3_stmt *insert;
    uint64_t cycle;
    struct translation_regime stage1, stage2;
    bool lost; /* a word was wanted that the record does not have */
    int code;
};

/* One word, as the record knows it. */
struct known_word {
    uint64_t value;
    bool known;
    char source[SOURCE_BYTES];
};

const char *explain_sql(const char *name)
{
    const struct record_sql *sql = record_sql_explain;
    while (sql->name && strcmp(sql->name, name) != 0)
        sql++;
    return sql->text;
}

static void append(char *text, const char *before, const char *more, const char *after)
{
    size_t used = strlen(text);
    (void)snprintf(text + used, SOURCE_BYTES - used, "%s%s%s", before, more, after);
}

/* The newest fact before the moment holds; where there is none, the oldest one after it. */
static void learn(struct known_word *word, int after, uint64_t value, const char *source)
{
    if (after == 2) {
        append(word->source, "; ", source, "");
    } else if (!word->known) {
        word->known = true;
        word->value = value;
        append(word->source, after ? "as " : "", source, "");
    } else if (after && value != word->value && !strstr(word->source, ", but ")) {
        append(word->source, ", but ", source,
               " as something else: changed without a store that is recorded");
    }
}

static struct known_word read_word(struct reading *reading, uint64_t pa)
{
    struct known_word word = {0};
    int last_after = -1;
    if (reading->code != SQLITE_OK)
        return word;
    reading->code = sqlite3_bind_int64(reading->word, 1, (sqlite3_int64)pa);
    if (reading->code == SQLITE_OK)
        reading->code = sqlite3_bind_int64(reading->word, 2, (sqlite3_int64)reading->cycle);
    int code = reading->code == SQLITE_OK ? SQLITE_ROW : SQLITE_DONE;
    while (code == SQLITE_ROW && (code = sqlite3_step(reading->word)) == SQLITE_ROW) {
        int after = sqlite3_column_int(reading->word, 0);
        if (after != last_after) /* the nearest of each kind */
            learn(&word, after, (uint64_t)sqlite3_column_int64(reading->word, 2),
                  (const char *)sqlite3_column_text(reading->word, 3));
        last_after = after;
    }
    if (code != SQLITE_DONE)
        reading->code = code;
    (void)sqlite3_reset(reading->word); /* its code is known */
    return word;
}

/* What a walk wants: `words_each` words at each of `count` addresses. */
struct wanted {
    unsigned stage, level;
    const uint64_t *ipa; /* intermediate addresses, in the same order; NULL: it has none */
    const uint64_t *pa;
    unsigned count, words_each;
};

/* A row of temp.words. */
static void keep_word(struct reading *reading, const struct wanted *wanted, const uint64_t *ipa, uint64_t pa,
                      const struct known_word *word)
{
    sqlite3_stmt *row = reading->insert;
    if (reading->code != SQLITE_OK)
        return;
    int code =
        sqlite3_bind_int(row, 1, (int)wanted->stage) | sqlite3_bind_int(row, 2, (int)wanted->level) |
        (ipa ? sqlite3_bind_int64(row, 3, (sqlite3_int64)*ipa) : sqlite3_bind_null(row, 3)) |
        sqlite3_bind_int64(row, 4, (sqlite3_int64)pa) |
        (word->known ? sqlite3_bind_int64(row, 5, (sqlite3_int64)word->value) : sqlite3_bind_null(row, 5)) |
        sqlite3_bind_text(row, 6, word->known ? word->source : "", -1, SQLITE_TRANSIENT);
    if (code == SQLITE_OK && (code = sqlite3_step(row)) == SQLITE_DONE)
        code = SQLITE_OK;
    (void)sqlite3_reset(row); /* its code is known */
    reading->code = code;
}

/* False if none of the words is known. */
static bool fetch(struct reading *reading, const struct wanted *wanted, uint64_t *words)
{
    bool any = false;
    for (unsigned i = 0; i < wanted->count * wanted->words_each; i++) {
        uint64_t offset = 8 * (i % wanted->words_each);
        uint64_t pa = wanted->pa[i / wanted->words_each] + offset;
        uint64_t ipa = wanted->ipa ? wanted->ipa[i / wanted->words_each] + offset : 0;
        struct known_word word = read_word(reading, pa);
        words[i] = word.value;
        any |= word.known;
        if (word.known || wanted->count * wanted->words_each == 1)
            keep_word(reading, wanted, wanted->ipa ? &ipa : NULL, pa, &word);
    }
    reading->lost = !any;
    return any && reading->code == SQLITE_OK;
}

static void tell_leaf(struct reading *reading, const struct walk_leaf *leaf)
{
    char attributes[FRAME_ATTRIBUTES_TEXT_BYTES];
    frame_attributes_print(leaf->frame.attributes, attributes);
    (void)snprintf(reading->told->result, EXPLAIN_RESULT_BYTES,
                   "0x%" PRIx64 " -> 0x%" PRIx64 ", 2^%u bytes, %s", leaf->va, leaf->frame.base,
                   leaf->frame.size_lg2, attributes);
}

static void tell_fault(struct reading *reading, unsigned kind, unsigned stage, unsigned level)
{
    static const char *const names[FAULT_KINDS] = {"no",           "translation",  "access flag",
                                                   "permission",   "address size", "external abort",
                                                   "TLB conflict", "reserved bit", "noncanonical address"};
    (void)snprintf(reading->told->result, EXPLAIN_RESULT_BYTES, "a %s fault, level %u%s",
                   kind < FAULT_KINDS ? names[kind] : "unknown", level, stage == 2 ? " of stage 2" : "");
}

static void tell_lost(struct reading *reading)
{
    (void)snprintf(reading->told->result, EXPLAIN_RESULT_BYTES,
                   "not known: no store or walk of this record has told what this word was");
}

/* The walk ends after so many steps, whatever memory holds (walk_format.levels). */
static void walk_one_stage(struct reading *reading, uint64_t va)
{
    const struct translation_regime *regime = &reading->stage1;
    const struct walk_format *format = regime->format;
    struct walk_state walk;
    uint64_t words[WALK_WORDS_MAX];
    enum walk_status status = format->start(&walk, regime, va);
    for (unsigned steps = 0; steps < 2u * format->levels + 2; steps++) {
        if (status == WALK_UPDATE) {
            status = format->updated(&walk);
            continue;
        }
        if (status != WALK_FETCH)
            break;
        const struct wanted wanted = {.stage = format->stage2 ? 2 : 1,
                                      .level = walk.level,
                                      .pa = walk.fetch,
                                      .count = walk.fetches,
                                      .words_each = walk.fetch_words};
        if (!fetch(reading, &wanted, words))
            break;
        status = format->resume(&walk, words);
    }
    if (reading->lost)
        tell_lost(reading);
    else if (status == WALK_LEAF)
        tell_leaf(reading, &walk.leaf);
    else
        tell_fault(reading, walk.fault, 1, walk.fault_level);
}

static void walk_two_stages(struct reading *reading, uint64_t va)
{
    const struct two_stage_regime regime = {&reading->stage1, &reading->stage2};
    struct two_stage_walk walk;
    uint64_t words[WALK_WORDS_MAX];
    enum two_stage_status status = two_stage_start(&walk, &regime, va, NULL);
    while (status != TWO_STAGE_LEAF && status != TWO_STAGE_FAULT) {
        if (status == TWO_STAGE_TRANSLATE)
            status = two_stage_walk_stage2(&walk, NULL);
        else if (status == TWO_STAGE_UPDATE)
            status = two_stage_updated(&walk);
        else {
            const struct wanted wanted = {.stage = walk.stage,
                                          .level = walk.level,
                                          .ipa = walk.stage == 1 ? walk.stage1.fetch : NULL,
                                          .pa = walk.fetch,
                                          .count = walk.fetches,
                                          .words_each = walk.fetch_words};
            if (!fetch(reading, &wanted, words))
                break;
            status = two_stage_resume(&walk, words);
        }
    }
    if (reading->lost)
        tell_lost(reading);
    else if (status == TWO_STAGE_LEAF)
        tell_leaf(reading, &walk.leaf);
    else
        tell_fault(reading, walk.fault.kind, walk.fault.stage, walk.fault.level);
}

/* The regime of a space; false if its format is that of a plug-in, which this program does not have now. */
static bool regime_of(sqlite3_stmt *space, int column, struct translation_regime *regime)
{
    const char *name = (const char *)sqlite3_column_text(space, column);
    *regime = (struct translation_regime){
        .format = name ? walk_format_find(name) : NULL,
        .root = (uint64_t)sqlite3_column_int64(space, column + 1),
        .physical_size_lg2 = PHYSICAL_SIZE_LG2,
        .hardware_access = true, /* else an old entry is a fault, and not what the table stands for */
        .hardware_dirty = sqlite3_column_int(space, column + 2) != 0,
        .contiguous = true,
    };
    return regime->format != NULL;
}

/* The words that walks read of the page, where no engine can follow it. */
static const char *const words_of_walks =
    "INSERT INTO words (stage, level, ipa, pa, value, source)"
    " SELECT s.stage, s.level, s.ipa, s.pa, s.value, printf('read by walk %d in cycle %d', s.walk, "
    "MAX(s.grant_cycle))"
    " FROM page p JOIN walks w ON w.space = p.space AND w.va BETWEEN p.va AND p.last_va"
    " JOIN walk_steps s ON s.walk = w.walk AND s.grant_cycle <= p.cycle GROUP BY s.stage, s.level, s.pa";

static void walk_page(struct reading *reading)
{
    sqlite3_stmt *space = NULL;
    reading->code = sqlite3_prepare_v2(
        reading->database,
        "SELECT p.address, p.cycle, s.format, s.root, s.hardware_dirty, t.format, t.root, t.hardware_dirty, "
        "s.stage2"
        " FROM page p JOIN spaces s ON s.space = p.space LEFT JOIN spaces t ON t.space = s.stage2",
        -1, &space, NULL);
    if (reading->code == SQLITE_OK && sqlite3_step(space) == SQLITE_ROW) {
        uint64_t va = (uint64_t)sqlite3_column_int64(space, 0);
        bool two_stages = sqlite3_column_type(space, 8) != SQLITE_NULL;
        reading->cycle = (uint64_t)sqlite3_column_int64(space, 1);
        if (!regime_of(space, 2, &reading->stage1) ||
            (two_stages && !regime_of(space, 5, &reading->stage2))) {
            (void)snprintf(reading->told->result, EXPLAIN_RESULT_BYTES,
                           "not followed: the format is that of a plug-in; above is what walks have read");
            reading->code = sqlite3_exec(reading->database, words_of_walks, NULL, NULL, NULL);
        } else if (two_stages) {
            walk_two_stages(reading, va);
        } else {
            walk_one_stage(reading, va);
        }
    }
    int end = sqlite3_finalize(space);
    if (reading->code == SQLITE_OK)
        reading->code = end;
}

int explain_walk_table(sqlite3 *database, struct explain_walk *walk)
{
    struct reading reading = {.database = database, .told = walk};
    walk->result[0] = '\0';
    reading.code = sqlite3_prepare_v2(database, explain_sql("word"), -1, &reading.word, NULL);
    if (reading.code == SQLITE_OK)
        reading.code = sqlite3_prepare_v2(
            database, "INSERT INTO words (stage, level, ipa, pa, value, source) VALUES (?, ?, ?, ?, ?, ?)",
            -1, &reading.insert, NULL);
    if (reading.code == SQLITE_OK)
        walk_page(&reading);
    (void)sqlite3_finalize(reading.word); /* their codes are known */
    (void)sqlite3_finalize(reading.insert);
    return reading.code;
}
