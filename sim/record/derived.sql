-- Tables that scripts/refinement/windows.sql fills, from those of schema.sql alone: when a run ends, and once more, as
-- temporary tables, when its record is checked.

CREATE TABLE operation_windows (
    operation INTEGER PRIMARY KEY,
    begin_cycle INTEGER NOT NULL,
    drain_cycle INTEGER,
    acknowledge_cycle INTEGER,
    end_cycle INTEGER,
    first_event INTEGER,
    done_event INTEGER
) STRICT;

CREATE TABLE mapping_windows (
    mapping INTEGER PRIMARY KEY,
    space INTEGER NOT NULL,
    va INTEGER NOT NULL,
    last_va INTEGER NOT NULL,
    pa INTEGER NOT NULL,
    size_lg2 INTEGER NOT NULL,
    attributes INTEGER NOT NULL,
    rights INTEGER,
    first_rights INTEGER,
    upgraded_rights INTEGER,
    upgraded_attributes INTEGER NOT NULL,
    vmid INTEGER NOT NULL,
    drain_cycle INTEGER,
    map_operation INTEGER NOT NULL,
    remove_operation INTEGER,
    may_from INTEGER NOT NULL,
    must_from INTEGER,
    must_until INTEGER,
    may_until INTEGER,
    map_begin_event INTEGER NOT NULL,
    map_end_event INTEGER,
    map_done_event INTEGER,
    remove_begin_event INTEGER,
    remove_end_event INTEGER,
    remove_done_event INTEGER
) STRICT;

CREATE TABLE view_windows (
    event INTEGER PRIMARY KEY,
    least INTEGER NOT NULL,
    most INTEGER NOT NULL,
    digest INTEGER,
    quiet INTEGER NOT NULL,
    blocks INTEGER NOT NULL,
    blocks_digest INTEGER NOT NULL
) STRICT;

CREATE TABLE mapping_turns (
    by_frame INTEGER NOT NULL,
    space INTEGER NOT NULL,
    base INTEGER NOT NULL,
    size_lg2 INTEGER NOT NULL,
    turn INTEGER NOT NULL,
    mapping INTEGER NOT NULL,
    begin_event INTEGER NOT NULL,
    open_until_event INTEGER NOT NULL,
    PRIMARY KEY (by_frame, space, base, size_lg2, turn)
) STRICT, WITHOUT ROWID;

CREATE TABLE mapping_runs (
    space INTEGER NOT NULL,
    va INTEGER NOT NULL,
    last_va INTEGER NOT NULL,
    size_lg2 INTEGER NOT NULL,
    distance INTEGER NOT NULL,
    rights INTEGER NOT NULL,
    attributes INTEGER NOT NULL,
    may_from INTEGER NOT NULL,
    PRIMARY KEY (space, va)
) STRICT, WITHOUT ROWID;

CREATE TABLE context_times (
    core INTEGER NOT NULL,
    asid INTEGER NOT NULL,
    vmid INTEGER NOT NULL,
    from_cycle INTEGER NOT NULL,
    until_cycle INTEGER NOT NULL
) STRICT;

CREATE TABLE control_times (
    core INTEGER NOT NULL,
    from_cycle INTEGER NOT NULL,
    controls INTEGER NOT NULL,
    key_rights INTEGER NOT NULL
) STRICT;

-- One number for a mapping: the sum over a set of them stands for the set (mmu/digest.h has the same, and says why).
CREATE VIEW mapping_digests AS
SELECT mapping, (((page & 0x7fffffff) * (page & 0x7fffffff) >> 16 & 0x7fffffff) + 1)
              * (((what & 0x7fffffff) * (what & 0x7fffffff) >> 16 & 0x7fffffff) + 1) >> 24 AS digest
FROM (SELECT mapping, ((va & 0x7fffffff) * 1779033703 >> 16) + ((va >> 31 & 0x7fffffff) * 1359893119 >> 16) AS page,
             ((pa & 0x7fffffff) * 1541459225 >> 16) + ((pa >> 31 & 0x7fffffff) * 528734635 >> 16)
             + (((attributes << 6) + size_lg2) * 1013904243 >> 16) AS what
      FROM mapping_windows);
