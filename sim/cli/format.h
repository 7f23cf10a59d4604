/*
 * How numbers and texts are written: for people, as JSON, as CSV.
 */
#ifndef MMUSIM_SIM_CLI_FORMAT_H
#define MMUSIM_SIM_CLI_FORMAT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define FORMAT_BYTES 40

/* A number as text, held by value so that several fit into one call of printf. */
struct number_text {
    char text[FORMAT_BYTES];
};

struct number_text format_count(uint64_t value); /* 1,234,567 */
struct number_text format_bytes(uint64_t bytes); /* "4 GiB", "1.5 MiB", "17 bytes": 3 figures at the most */
/* As scripts write sizes, exact: "4G", "64K", "1000". */
struct number_text format_size(uint64_t bytes);

/* A JSON string with its quotes. Bytes that are no UTF-8 become U+FFFD. */
void print_json_string(FILE *out, const char *text);
/* A JSON number; null for what JSON has none for (not finite). */
void print_json_double(FILE *out, double value);
/* A field of RFC 4180, in quotes where it must be. */
void print_csv_field(FILE *out, const char *text);
/* One word as a POSIX shell has to be given it. */
void print_shell_word(FILE *out, const char *word);

#endif
