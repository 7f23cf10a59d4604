/*
 * The rows of a table straight from the pages of the file, in the order of their rowids: three times as fast
 * as a statement, which matters for tables of millions of rows. SQLite opens, locks and reads the file; what
 * is read here is the format that it has promised not to change (sqlite.org/fileformat2.html, sections 1.3,
 * 1.6 and 2.1): the b-tree of a table, and integers of its records.
 *
 * Nothing of a page is believed: a damaged file ends in an error, and never in an endless walk.
 */
#ifndef MMUSIM_SIM_RECORD_PAGES_H
#define MMUSIM_SIM_RECORD_PAGES_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

#define PAGES_COLUMNS_MAX 64
#define PAGES_DEPTH_MAX   20 /* SQLite's own limit */

enum page_cell { CELL_NULL, CELL_INTEGER, CELL_OTHER };

/* One level of the tree: the page that the walk is in. */
struct page_level {
    uint8_t *page;
    uint32_t number;
    uint32_t next; /* cell to visit next; of an interior page `cells` is the right-most child */
    uint32_t cells;
    uint32_t cells_at; /* of the array of cell pointers */
};

struct page_rows {
    sqlite3_file *file;
    uint32_t page_bytes;
    uint32_t usable_bytes;
    uint32_t pages;         /* of the file */
    uint32_t pages_visited; /* at the most `pages` */
    unsigned depth;         /* of the page that has the next row; levels[0] is the root */
    int columns;            /* of the table, as far as any is wanted */
    int rowid_place;        /* of the INTEGER PRIMARY KEY among the wanted; -1: not wanted */
    int64_t rowid;          /* of the last row */
    const char *error;      /* NULL: none */
    struct page_level levels[PAGES_DEPTH_MAX];
    int8_t place[PAGES_COLUMNS_MAX];   /* by column of the table: among the wanted; -1 */
    int64_t values[PAGES_COLUMNS_MAX]; /* of the row, by wanted column; 0 for what is no integer */
    uint8_t kinds[PAGES_COLUMNS_MAX];  /* page_cell */
};

/*
 * `columns`: names, with ", " between them. False if this file or table is not of a kind that is read here (a
 * statement reads it, then). page_rows_close in any case. A read transaction of `database` is open until
 * then.
 */
bool page_rows_open(struct page_rows *rows, sqlite3 *database, const char *table, const char *columns);
/* True: the next row is in `values` and `kinds`. False: the end, or `error`. */
bool page_rows_next(struct page_rows *rows);
void page_rows_close(struct page_rows *rows);

#endif
