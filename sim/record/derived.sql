-- Tables that scripts/refinement/windows.sql fills, from those of schema.sql alone: when a run ends, and once more, as
-- temporary tables, when its record is checked.

CREATE TABLE operation_windows (
    operation INTEGER PRIMARY KEY,
    begin_cycle INTEGER NOT NULL,
    drain_cycle INTEGER,
    acknowledge_cycle INTEGER,
    end_cycle INTEGER,
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
