#include "pagetables/vectors/image.h"

#include <stdlib.h>
#include <string.h>

#define NAME_BYTES    64
#define ISA_BYTES     256
#define REGISTERS_MAX 64
#define RAMS_MAX      16
#define WORD_BYTES    8

struct word {
    uint64_t pa;
    uint64_t value;
    unsigned line;
};

struct vectors_image {
    char name[NAME_BYTES];
    char isa[ISA_BYTES];
    unsigned registers;
    struct {
        char name[NAME_BYTES];
        uint64_t value;
    } reg[REGISTERS_MAX];
    unsigned rams;
    struct {
        uint64_t base;
        uint64_t bytes;
    } ram[RAMS_MAX];
    size_t words;
    struct word *word; /* ascending */
    unsigned steps;
    bool too_many_steps;
    struct vectors_step step[VECTORS_STEPS_MAX];
};

/* ---- the text ---- */

struct piece {
    const char *text;
    size_t bytes;
};

#define PIECES_MAX 3

struct line {
    const char *path;
    unsigned number;
    unsigned pieces;
    struct piece piece[PIECES_MAX];
    struct vectors_failure *failure;
};

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

static bool split_line(struct line *line, const char *text, const char *end)
{
    line->pieces = 0;
    while (text < end) {
        const char *begin = text;
        while (text < end && !is_space(*text))
            text++;
        if (text > begin && line->pieces == PIECES_MAX)
            return vectors_fail(line->failure, "%s:%u: %s is one word too many", line->path, line->number,
                                vectors_quote(begin, (size_t)(text - begin)).text);
        if (text > begin)
            line->piece[line->pieces++] = (struct piece){begin, (size_t)(text - begin)};
        while (text < end && is_space(*text))
            text++;
    }
    return true;
}

static bool is_word(const struct piece *piece, const char *word)
{
    return piece->bytes == strlen(word) && memcmp(piece->text, word, piece->bytes) == 0;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static bool parse_number(const struct line *line, unsigned index, uint64_t *value)
{
    const struct piece *piece = &line->piece[index];
    bool fine = piece->bytes <= 16;
    *value = 0;
    for (size_t i = 0; fine && i < piece->bytes; i++) {
        int digit = hex_digit(piece->text[i]);
        fine = digit >= 0;
        *value = *value << 4 | (uint64_t)(digit & 15);
    }
    return fine ||
           vectors_fail(line->failure,
                        "%s:%u: %s is no number: up to 16 hexadecimal digits without 0x would be right",
                        line->path, line->number, vectors_quote(piece->text, piece->bytes).text);
}

static bool copy_name(const struct line *line, const struct piece *piece, char *name, size_t bytes)
{
    if (piece->bytes >= bytes)
        return vectors_fail(line->failure, "%s:%u: %s is longer than %zu characters", line->path,
                            line->number, vectors_quote(piece->text, piece->bytes).text, bytes - 1);
    memcpy(name, piece->text, piece->bytes);
    name[piece->bytes] = '\0';
    return true;
}

static bool parse_image(struct vectors_image *image, const struct line *line)
{
    if (!is_word(&line->piece[1], image->name))
        return vectors_fail(line->failure, "%s:%u: the image is called %s, but the file's name says '%s'",
                            line->path, line->number,
                            vectors_quote(line->piece[1].text, line->piece[1].bytes).text, image->name);
    return true;
}

static bool parse_isa(struct vectors_image *image, const struct line *line)
{
    return copy_name(line, &line->piece[1], image->isa, sizeof image->isa);
}

static bool parse_ram(struct vectors_image *image, const struct line *line)
{
    if (image->rams == RAMS_MAX)
        return vectors_fail(line->failure, "%s:%u: more than %d lines 'ram'", line->path, line->number,
                            RAMS_MAX);
    uint64_t *base = &image->ram[image->rams].base;
    uint64_t *bytes = &image->ram[image->rams].bytes;
    image->rams++;
    return parse_number(line, 1, base) && parse_number(line, 2, bytes);
}

static bool parse_register(struct vectors_image *image, const struct line *line)
{
    unsigned last = image->registers;
    if (last == REGISTERS_MAX)
        return vectors_fail(line->failure, "%s:%u: more than %d lines 'reg'", line->path, line->number,
                            REGISTERS_MAX);
    image->registers++;
    if (!copy_name(line, &line->piece[1], image->reg[last].name, sizeof image->reg[last].name))
        return false;
    for (unsigned i = 0; i < last; i++)
        if (strcmp(image->reg[i].name, image->reg[last].name) == 0)
            return vectors_fail(line->failure,
                                "%s:%u: register '%s' has a value already; one line would be right",
                                line->path, line->number, image->reg[last].name);
    return parse_number(line, 2, &image->reg[last].value);
}

static bool parse_word(struct vectors_image *image, const struct line *line)
{
    struct word *word = &image->word[image->words];
    word->line = line->number;
    if (!parse_number(line, 1, &word->pa) || !parse_number(line, 2, &word->value))
        return false;
    if (word->pa % WORD_BYTES != 0)
        return vectors_fail(line->failure, "%s:%u: %s is not the address of a word: a multiple of 8 would be",
                            line->path, line->number,
                            vectors_quote(line->piece[1].text, line->piece[1].bytes).text);
    image->words++;
    return true;
}

static const struct {
    const char *word;
    unsigned pieces;
    const char *form;
    bool (*parse)(struct vectors_image *image, const struct line *line);
} forms[] = {
    {"q", 3, "q ADDRESS VALUE", parse_word}, {"reg", 3, "reg NAME VALUE", parse_register},
    {"ram", 3, "ram BASE BYTES", parse_ram}, {"isa", 2, "isa STRING", parse_isa},
    {"image", 2, "image NAME", parse_image},
};

#define FORMS (sizeof forms / sizeof *forms)

static bool parse_line(struct vectors_image *image, const struct line *line)
{
    for (size_t i = 0; i < FORMS; i++) {
        if (!is_word(&line->piece[0], forms[i].word))
            continue;
        if (line->pieces != forms[i].pieces)
            return vectors_fail(line->failure, "%s:%u: has %u words; '%s' would be right", line->path,
                                line->number, line->pieces, forms[i].form);
        return forms[i].parse(image, line);
    }
    return vectors_fail(line->failure, "%s:%u: begins with %s; image, isa, ram, reg or q would be right",
                        line->path, line->number,
                        vectors_quote(line->piece[0].text, line->piece[0].bytes).text);
}

static bool parse_lines(struct vectors_image *image, const char *path, const char *text, const char *end,
                        struct vectors_failure *failure)
{
    struct line line = {.path = path, .failure = failure};
    bool named = false;
    while (text < end) {
        const char *newline = memchr(text, '\n', (size_t)(end - text));
        const char *stop = newline != NULL ? newline : end;
        line.number++;
        if (*text != '#' && !split_line(&line, text, stop))
            return false;
        if (*text != '#' && line.pieces > 0) {
            if (!named && !is_word(&line.piece[0], "image"))
                return vectors_fail(failure, "%s:%u: begins with %s; 'image %s' would be right there", path,
                                    line.number, vectors_quote(line.piece[0].text, line.piece[0].bytes).text,
                                    image->name);
            named = true;
            if (!parse_line(image, &line))
                return false;
        }
        text = newline != NULL ? newline + 1 : end;
    }
    return named ||
           vectors_fail(failure, "%s:1: says nothing; its first line would be 'image %s'", path, image->name);
}

static int compare_words(const void *left, const void *right)
{
    const struct word *a = left;
    const struct word *b = right;
    if (a->pa != b->pa)
        return a->pa < b->pa ? -1 : 1;
    return (a->line > b->line) - (a->line < b->line);
}

static bool sort_words(struct vectors_image *image, const char *path, struct vectors_failure *failure)
{
    qsort(image->word, image->words, sizeof *image->word, compare_words);
    for (size_t i = 1; i < image->words; i++)
        if (image->word[i - 1].pa == image->word[i].pa)
            return vectors_fail(failure, "%s:%u: the word was given in line %u already; once would be right",
                                path, image->word[i].line, image->word[i - 1].line);
    return true;
}

struct vectors_image *vectors_image_parse(const char *path, const char *name, const char *text, size_t bytes,
                                          struct vectors_failure *failure)
{
    struct vectors_image *image = calloc(1, sizeof *image);
    size_t lines = 1;
    for (size_t i = 0; i < bytes; i++)
        lines += text[i] == '\n';
    if (image != NULL)
        image->word = calloc(lines, sizeof *image->word);
    if (image == NULL || image->word == NULL)
        (void)vectors_fail(failure, "%s: there is no memory for it", path);
    else if (strlen(name) >= sizeof image->name)
        (void)vectors_fail(failure, "%s: its name is longer than %zu characters", path,
                           sizeof image->name - 1);
    else {
        memcpy(image->name, name, strlen(name) + 1);
        if (parse_lines(image, path, text, text + bytes, failure) && sort_words(image, path, failure))
            return image;
    }
    vectors_image_free(image);
    return NULL;
}

void vectors_image_free(struct vectors_image *image)
{
    if (image != NULL)
        free(image->word);
    free(image);
}

/* ---- what it says ---- */

const char *vectors_image_name(const struct vectors_image *image)
{
    return image->name;
}

uint64_t vectors_register(const struct vectors_image *image, const char *name)
{
    for (unsigned i = 0; i < image->registers; i++)
        if (strcmp(image->reg[i].name, name) == 0)
            return image->reg[i].value;
    return 0;
}

const char *vectors_isa(const struct vectors_image *image)
{
    return image->isa;
}

bool vectors_in_ram(const struct vectors_image *image, uint64_t pa)
{
    for (unsigned i = 0; i < image->rams; i++)
        if (pa - image->ram[i].base < image->ram[i].bytes)
            return true;
    return image->rams == 0;
}

/* ---- its words ---- */

static uint64_t pristine_word(const struct vectors_image *image, uint64_t pa)
{
    size_t low = 0;
    size_t high = image->words;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (image->word[middle].pa < pa)
            low = middle + 1;
        else
            high = middle;
    }
    return low < image->words && image->word[low].pa == pa ? image->word[low].value : 0;
}

/* The steps of a row are few, and its last write of a word is what the word is. */
static uint64_t current_word(const struct vectors_image *image, uint64_t pa)
{
    for (unsigned i = image->steps; i-- > 0;)
        if (image->step[i].write && image->step[i].pa == pa)
            return image->step[i].value;
    return pristine_word(image, pa);
}

static void note(struct vectors_image *image, const struct vectors_step *step)
{
    if (image->steps == VECTORS_STEPS_MAX)
        image->too_many_steps = true;
    else
        image->step[image->steps++] = *step;
}

uint64_t vectors_word(struct vectors_image *image, uint64_t pa)
{
    uint64_t value = current_word(image, pa);
    note(image, &(struct vectors_step){.pa = pa, .value = value});
    return value;
}

void vectors_set_word(struct vectors_image *image, uint64_t pa, uint64_t value)
{
    uint64_t before = current_word(image, pa);
    note(image, &(struct vectors_step){.pa = pa, .value = value, .before = before, .write = true});
}

void vectors_image_reset(struct vectors_image *image)
{
    image->steps = 0;
    image->too_many_steps = false;
}

bool vectors_image_steps(const struct vectors_image *image, const struct vectors_step **steps,
                         unsigned *count)
{
    *steps = image->step;
    *count = image->steps;
    return !image->too_many_steps;
}
