/*
 * What `mmusim list` can list: each topic is read from the registry that the program itself uses.
 */
#ifndef MMUSIM_SIM_CLI_TOPICS_H
#define MMUSIM_SIM_CLI_TOPICS_H

#include "sim/cli/listing.h"

/* CLI_FINE or CLI_MISUSE: there is no such topic, which is said on `err`. */
int topic_print(const char *name, enum cli_format format, FILE *out, FILE *err);
/* The topics themselves. */
void topics_print(enum cli_format format, FILE *out);

#endif
