/* The SQL texts that are built into the program: this folder's tables, and the views of `scripts/`. */
#ifndef MMUSIM_SIM_RECORD_SQL_H
#define MMUSIM_SIM_RECORD_SQL_H

/* One .sql file: its name without folder and suffix, and its whole text. */
struct record_sql {
    const char *name;
    const char *text;
};

/* Each list ends with a NULL name. */
extern const struct record_sql record_sql_schema[];     /* tables */
extern const struct record_sql record_sql_views[];      /* scripts/views: names, hex and joins */
extern const struct record_sql record_sql_refinement[]; /* scripts/refinement: rules */
extern const struct record_sql record_sql_finish[];     /* indexes, then windows: when a run ends */
extern const struct record_sql record_sql_derived[];    /* derived tables, then windows: when it is checked */
extern const struct record_sql record_sql_story[];      /* the events that led to a violation */
extern const struct record_sql record_sql_explain[];    /* the story of one address */

#endif
