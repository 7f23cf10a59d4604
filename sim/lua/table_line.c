#include "sim/lua/table_line.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define DEPTH_MAX  32
#define PATH_BYTES 256

/* The text from its beginning, with the keys of the tables that are open. */
struct scanner {
    const char *at;
    unsigned line;
    unsigned depth;            /* of braces */
    bool returned;             /* the outermost open table is returned: "return {" */
    size_t lengths[DEPTH_MAX]; /* of `path` outside of each open brace */
    char path[PATH_BYTES];     /* of the innermost open table */
    char pending[PATH_BYTES];  /* the path of the key whose value comes next */
};

static void skip_to(struct scanner *scanner, const char *end)
{
    for (; scanner->at < end; scanner->at++)
        scanner->line += *scanner->at == '\n';
}

/* Past the closing bracket if a long bracket ("[[", "[=[") begins here. */
static const char *long_bracket_end(const char *at)
{
    const char *closed = at;
    size_t equals = *at == '[' ? strspn(at + 1, "=") : 0;
    if (*at != '[' || at[1 + equals] != '[')
        return NULL;
    while ((closed = strchr(closed + 1, ']')))
        if (strspn(closed + 1, "=") == equals && closed[1 + equals] == ']')
            return closed + equals + 2;
    return at + strlen(at);
}

static const char *quoted_end(const char *at)
{
    char quote = *at++;
    while (*at && *at != quote && *at != '\n')
        at += at[0] == '\\' && at[1] ? 2 : 1;
    return *at == quote ? at + 1 : at;
}

/* Past a comment or a text that begins here; NULL if none does. */
static const char *skipped_end(const char *at)
{
    if (at[0] == '"' || at[0] == '\'')
        return quoted_end(at);
    if (at[0] != '-' || at[1] != '-')
        return long_bracket_end(at);
    const char *end = long_bracket_end(at + 2);
    return end ? end : at + strcspn(at, "\n");
}

static void open_brace(struct scanner *scanner)
{
    if (scanner->depth < DEPTH_MAX)
        scanner->lengths[scanner->depth] = strlen(scanner->path);
    if (scanner->depth > 0 && scanner->pending[0] != '\0')
        memcpy(scanner->path, scanner->pending, sizeof scanner->path);
    scanner->pending[0] = '\0';
    scanner->depth++;
}

static void close_brace(struct scanner *scanner)
{
    if (scanner->depth == 0)
        return;
    scanner->depth--;
    if (scanner->depth < DEPTH_MAX)
        scanner->path[scanner->lengths[scanner->depth]] = '\0';
}

/* A word; true if it is a key ("word =") inside of a table, whose path then is pending. */
static bool read_word(struct scanner *scanner)
{
    const char *word = scanner->at, *behind;
    size_t length = 0;
    while (isalnum((unsigned char)word[length]) || word[length] == '_')
        length++;
    skip_to(scanner, word + length);
    behind = scanner->at + strspn(scanner->at, " \t\r\n");
    if (scanner->depth == 0)
        scanner->returned = length == 6 && strncmp(word, "return", 6) == 0 && *behind == '{';
    if (!scanner->returned || scanner->depth == 0 || behind[0] != '=' || behind[1] == '=')
        return false;
    int written = snprintf(scanner->pending, PATH_BYTES, "%s%s%.*s", scanner->path,
                           scanner->path[0] ? "." : "", (int)length, word);
    if (written >= PATH_BYTES)
        scanner->pending[0] = '\0';
    return true;
}

static bool find_line(const char *text, const char *path, unsigned *line)
{
    struct scanner scanner = {.at = text, .line = 1};
    while (*scanner.at) {
        const char *end = skipped_end(scanner.at);
        *line = scanner.line;
        if (end) {
            skip_to(&scanner, end);
        } else if (isalpha((unsigned char)*scanner.at) || *scanner.at == '_') {
            if (read_word(&scanner) && strcmp(scanner.pending, path) == 0)
                return true;
        } else {
            if (*scanner.at == '{')
                open_brace(&scanner);
            else if (*scanner.at == '}')
                close_brace(&scanner);
            else if (*scanner.at == ',' || *scanner.at == ';')
                scanner.pending[0] = '\0';
            skip_to(&scanner, scanner.at + 1);
        }
    }
    return false;
}

unsigned table_line(const char *text, const char *path)
{
    char part[PATH_BYTES];
    unsigned line = 0;
    if (strlen(path) >= sizeof part)
        return 0;
    memcpy(part, path, strlen(path) + 1);
    while (part[0] != '\0' && !find_line(text, part, &line)) {
        char *dot = strrchr(part, '.');
        *(dot ? dot : part) = '\0';
    }
    return part[0] != '\0' ? line : 0;
}
