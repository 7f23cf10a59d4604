/* Names of the small codes that stand in the tables: what fills the table `codes`. */
#ifndef MMUSIM_SIM_RECORD_CODES_H
#define MMUSIM_SIM_RECORD_CODES_H

struct record_code {
    const char *domain; /* "fault"; NULL ends the list */
    int code;
    const char *name;
};

extern const struct record_code record_codes[];

#endif
