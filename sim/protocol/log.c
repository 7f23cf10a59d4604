#include "sim/protocol/log.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "sim/nearest.h"

#define WORD_BYTES 64
#define SHOWN      40 /* bytes of a word that a message shows */

/* ---- Bytes --------------------------------------------------------------------------------------- */

__attribute__((format(printf, 2, 3))) static bool wrong(struct log_reader *reader, const char *format, ...)
{
    va_list arguments;
    int length = snprintf(reader->text, sizeof reader->text, "%s:%llu: ", reader->name,
                          (unsigned long long)reader->line);
    if (length < 0 || (size_t)length >= sizeof reader->text)
        return false;
    va_start(arguments, format);
    (void)vsnprintf(reader->text + length, sizeof reader->text - (size_t)length, format, arguments);
    va_end(arguments);
    return false;
}

static void step(struct log_reader *reader)
{
    if (reader->ahead == '\n')
        reader->line++;
    reader->ahead = getc(reader->file);
}

void log_open(struct log_reader *reader, FILE *file, const char *name)
{
    *reader = (struct log_reader){.file = file, .name = name, .line = 1};
    reader->ahead = getc(file);
}

static bool is_space(int byte)
{
    return byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r';
}

static void skip_space(struct log_reader *reader)
{
    while (is_space(reader->ahead))
        step(reader);
}

static bool ended(struct log_reader *reader)
{
    if (ferror(reader->file))
        return wrong(reader, "the log could not be read: %s", strerror(errno));
    return wrong(reader, "the log ends within the event that began in line %llu, which is cut off",
                 (unsigned long long)reader->begun);
}

static bool accept(struct log_reader *reader, char wanted, const char *where)
{
    skip_space(reader);
    if (reader->ahead == EOF)
        return ended(reader);
    if (reader->ahead != wanted)
        return wrong(reader, "'%c' is wanted %s", wanted, where);
    step(reader);
    return true;
}

struct word {
    char text[WORD_BYTES];
};

static bool read_word(struct log_reader *reader, const char *what, struct word *word)
{
    size_t length = 0;
    *word = (struct word){""};
    skip_space(reader);
    while (reader->ahead != EOF && !is_space(reader->ahead) && !strchr("()\"", reader->ahead)) {
        if (reader->ahead < 0x20 || reader->ahead > 0x7e)
            return wrong(reader, "byte 0x%02x in %s: logs are ASCII", (unsigned)reader->ahead, what);
        if (length + 1 == sizeof word->text)
            return wrong(reader, "'%.*s...' is too long for %s", SHOWN, word->text, what);
        word->text[length++] = (char)reader->ahead;
        word->text[length] = '\0';
        step(reader);
    }
    word->text[length] = '\0';
    if (reader->ahead == EOF)
        return ended(reader);
    return length > 0 || wrong(reader, "%s is missing", what);
}

/* ---- Values -------------------------------------------------------------------------------------- */

static int digit_of(char byte)
{
    if (byte >= '0' && byte <= '9')
        return byte - '0';
    if (byte >= 'a' && byte <= 'f')
        return byte - 'a' + 10;
    return byte >= 'A' && byte <= 'F' ? byte - 'A' + 10 : 16;
}

static bool parse_number(const char *text, unsigned base, uint64_t *value)
{
    *value = 0;
    for (const char *at = text; *at; at++) {
        unsigned digit = (unsigned)digit_of(*at);
        if (digit >= base || *value > (UINT64_MAX - digit) / base)
            return false;
        *value = *value * base + digit;
    }
    return *text != '\0';
}

static bool read_hexadecimal(struct log_reader *reader, const char *name, uint64_t *value)
{
    struct word word;
    if (!read_word(reader, name, &word))
        return false;
    const char *digits = strncmp(word.text, "0x", 2) == 0 ? word.text + 2 : word.text;
    return parse_number(digits, 16, value) ||
           wrong(reader, "%s is '%s'; it must be hexadecimal, below 2^64", name, word.text);
}

static bool read_decimal(struct log_reader *reader, const char *name, uint64_t *value)
{
    struct word word;
    return read_word(reader, name, &word) &&
           (parse_number(word.text, 10, value) ||
            wrong(reader, "%s is '%s'; it must be decimal", name, word.text));
}

/* A field is `(NAME VALUE)`, or the value alone, as logs in the condensed form have it. */
static bool open_field(struct log_reader *reader, const char *name, bool *named)
{
    struct word word;
    skip_space(reader);
    *named = reader->ahead == '(';
    if (!*named)
        return reader->ahead != ')' || wrong(reader, "(%s ...) is missing", name);
    step(reader);
    return read_word(reader, "the name of a field", &word) &&
           (strcmp(word.text, name) == 0 ||
            wrong(reader, "'%s' stands where '%s' is wanted", word.text, name));
}

static bool close_field(struct log_reader *reader, bool named)
{
    return !named || accept(reader, ')', "at the end of a field");
}

static bool hexadecimal_field(struct log_reader *reader, const char *name, uint64_t *value)
{
    bool named;
    return open_field(reader, name, &named) && read_hexadecimal(reader, name, value) &&
           close_field(reader, named);
}

static bool decimal_field(struct log_reader *reader, const char *name, uint64_t *value)
{
    bool named;
    return open_field(reader, name, &named) && read_decimal(reader, name, value) &&
           close_field(reader, named);
}

struct names {
    const char *what;
    const char *const *names;
    size_t count;
};

static bool refuse_name(struct log_reader *reader, const struct names *names, const char *word)
{
    char known[LOG_TEXT_BYTES / 2] = "";
    const char *nearest = nearest_name(word, names->names, names->count);
    for (size_t i = 0, length = 0; i < names->count && length < sizeof known; i++)
        length +=
            (size_t)snprintf(known + length, sizeof known - length, "%s%s", i ? ", " : "", names->names[i]);
    if (nearest)
        return wrong(reader, "'%s' is no %s; the nearest is '%s'", word, names->what, nearest);
    return wrong(reader, "'%s' is no %s: %s", word, names->what, known);
}

static bool read_name(struct log_reader *reader, const struct names *names, uint8_t *which)
{
    struct word word;
    if (!read_word(reader, names->what, &word))
        return false;
    for (size_t i = 0; i < names->count; i++)
        if (strcmp(names->names[i], word.text) == 0) {
            *which = (uint8_t)i;
            return true;
        }
    return refuse_name(reader, names, word.text);
}

static bool name_field(struct log_reader *reader, const char *name, const struct names *names, uint8_t *which)
{
    bool named;
    return open_field(reader, name, &named) && read_name(reader, names, which) && close_field(reader, named);
}

#define NAMES(what_text, array)                                                                              \
    {                                                                                                        \
        .what = (what_text), .names = (array), .count = sizeof(array) / sizeof *(array)                      \
    }

static const char *const order_names[] = {[LOG_PLAIN] = "plain", [LOG_RELEASE] = "release"};
static const char *const barrier_names[] = {"isb", "dsb"};
static const char *const dsb_names[] = {"ish", "ishst", "nsh"}; /* from LOG_DSB_ISH on */
static const char *const tlbi_names[] = {[LOG_VMALLS12E1] = "vmalls12e1", [LOG_VMALLS12E1IS] = "vmalls12e1is",
                                         [LOG_VMALLE1] = "vmalle1",       [LOG_VMALLE1IS] = "vmalle1is",
                                         [LOG_ALLE1] = "alle1",           [LOG_ALLE1IS] = "alle1is",
                                         [LOG_ALLE2] = "alle2",           [LOG_ALLE2IS] = "alle2is",
                                         [LOG_VAE2IS] = "vae2is",         [LOG_VALE2IS] = "vale2is",
                                         [LOG_IPAS2E1IS] = "ipas2e1is"};
static const char *const register_names[] = {
    [LOG_VTTBR_EL2] = "vttbr_el2", [LOG_TTBR0_EL2] = "ttbr0_el2", [LOG_VTCR_EL2] = "vtcr_el2",
    [LOG_HCR_EL2] = "hcr_el2",     [LOG_TCR_EL2] = "tcr_el2",     [LOG_SCTLR_EL2] = "sctlr_el2",
    [LOG_MAIR_EL2] = "mair_el2"};
static const char *const hint_names[] = {[LOG_SET_ROOT_LOCK] = "set_root_lock",
                                         [LOG_SET_OWNER_ROOT] = "set_owner_root",
                                         [LOG_RELEASE_TABLE] = "release_table",
                                         [LOG_SET_PTE_THREAD_OWNER] = "set_pte_thread_owner"};

static const struct names orders = NAMES("memory order", order_names);
static const struct names barriers = NAMES("barrier", barrier_names);
static const struct names dsbs = NAMES("kind of dsb", dsb_names);
static const struct names tlbis = NAMES("tlbi", tlbi_names);
static const struct names registers = NAMES("system register", register_names);
static const struct names hints = NAMES("hint", hint_names);

const char *log_tlbi_name(enum log_tlbi tlbi)
{
    return tlbi_names[tlbi];
}

/* ---- Events -------------------------------------------------------------------------------------- */

static bool read_write(struct log_reader *reader, struct log_event *event)
{
    return name_field(reader, "mem-order", &orders, &event->which) &&
           hexadecimal_field(reader, "address", &event->address) &&
           hexadecimal_field(reader, "value", &event->value);
}

static bool read_read(struct log_reader *reader, struct log_event *event)
{
    return hexadecimal_field(reader, "address", &event->address) &&
           hexadecimal_field(reader, "value", &event->value);
}

static bool read_range(struct log_reader *reader, struct log_event *event)
{
    return hexadecimal_field(reader, "address", &event->address) &&
           hexadecimal_field(reader, "size", &event->size_bytes);
}

static bool read_set(struct log_reader *reader, struct log_event *event)
{
    return read_range(reader, event) && hexadecimal_field(reader, "value", &event->value);
}

static bool read_barrier(struct log_reader *reader, struct log_event *event)
{
    uint8_t barrier, dsb = 0;
    if (!read_name(reader, &barriers, &barrier) || (barrier == 1 && !name_field(reader, "kind", &dsbs, &dsb)))
        return false;
    event->which = barrier == 0 ? LOG_ISB : (uint8_t)(LOG_DSB_ISH + dsb);
    return true;
}

static bool read_tlbi(struct log_reader *reader, struct log_event *event)
{
    return read_name(reader, &tlbis, &event->which) &&
           (event->which < LOG_VAE2IS || hexadecimal_field(reader, "value", &event->value));
}

static bool read_register(struct log_reader *reader, struct log_event *event)
{
    return name_field(reader, "sysreg", &registers, &event->which) &&
           hexadecimal_field(reader, "value", &event->value);
}

static bool read_hint(struct log_reader *reader, struct log_event *event)
{
    return name_field(reader, "kind", &hints, &event->which) &&
           hexadecimal_field(reader, "location", &event->address) &&
           hexadecimal_field(reader, "value", &event->value);
}

static bool read_lock(struct log_reader *reader, struct log_event *event)
{
    return hexadecimal_field(reader, "address", &event->address);
}

static const char *const kind_names[LOG_KINDS] = {
    [LOG_MEM_WRITE] = "mem-write", [LOG_MEM_READ] = "mem-read",         [LOG_MEM_INIT] = "mem-init",
    [LOG_MEM_FREE] = "mem-free",   [LOG_MEM_SET] = "mem-set",           [LOG_BARRIER] = "barrier",
    [LOG_TLBI] = "tlbi",           [LOG_SYSREG_WRITE] = "sysreg-write", [LOG_HINT] = "hint",
    [LOG_LOCK] = "lock",           [LOG_TRYLOCK] = "trylock",           [LOG_UNLOCK] = "unlock"};
static const struct names kinds = NAMES("event", kind_names);

static bool (*const readers[LOG_KINDS])(struct log_reader *, struct log_event *) = {
    [LOG_MEM_WRITE] = read_write, [LOG_MEM_READ] = read_read,         [LOG_MEM_INIT] = read_range,
    [LOG_MEM_FREE] = read_range,  [LOG_MEM_SET] = read_set,           [LOG_BARRIER] = read_barrier,
    [LOG_TLBI] = read_tlbi,       [LOG_SYSREG_WRITE] = read_register, [LOG_HINT] = read_hint,
    [LOG_LOCK] = read_lock,       [LOG_TRYLOCK] = read_lock,          [LOG_UNLOCK] = read_lock};

const char *log_kind_name(enum log_kind kind)
{
    return kind_names[kind];
}

static bool read_string(struct log_reader *reader, char *text, size_t bytes)
{
    size_t length = 0;
    if (!accept(reader, '"', "before the source's place"))
        return false;
    for (; reader->ahead != '"'; step(reader)) {
        if (reader->ahead == EOF)
            return ended(reader);
        if (reader->ahead < 0x20 || reader->ahead > 0x7e)
            return wrong(reader, "byte 0x%02x in the source's place: logs are ASCII, and strings of one line",
                         (unsigned)reader->ahead);
        if (length + 1 < bytes)
            text[length++] = (char)reader->ahead;
    }
    text[length] = '\0';
    step(reader);
    return true;
}

/* Logs may leave it out. */
static bool read_src(struct log_reader *reader, struct log_event *event)
{
    bool named;
    skip_space(reader);
    if (reader->ahead == ')')
        return true;
    return open_field(reader, "src", &named) && read_string(reader, event->src, sizeof event->src) &&
           close_field(reader, named);
}

static bool read_event(struct log_reader *reader, struct log_event *event)
{
    uint64_t thread;
    if (!accept(reader, '(', "at the beginning of an event, or '!' at the log's end") ||
        !read_name(reader, &kinds, &event->kind) || !decimal_field(reader, "id", &event->id) ||
        !decimal_field(reader, "tid", &thread))
        return false;
    if (thread >= LOG_THREADS)
        return wrong(reader, "tid is %llu; threads are 0 to %u", (unsigned long long)thread, LOG_THREADS - 1);
    event->thread = (uint8_t)thread;
    return readers[event->kind](reader, event) && read_src(reader, event) &&
           accept(reader, ')', "at the end of the event");
}

enum log_result log_next(struct log_reader *reader, struct log_event *event)
{
    skip_space(reader);
    if (reader->ahead == '!')
        return LOG_END;
    if (reader->ahead == EOF && !ferror(reader->file))
        return LOG_END;
    reader->begun = reader->line;
    *event = (struct log_event){.line = reader->line};
    return read_event(reader, event) ? LOG_EVENT : LOG_WRONG;
}
