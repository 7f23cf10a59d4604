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

-- What the rules about break-before-make read, filled by scripts/refinement/live_tables.sql. `memory` says what addresses are:
-- 0 physical ones, else intermediate ones of the virtual machine with this second stage. 0x7fff... is never.

CREATE TABLE guest_frames (
    size_lg2 INTEGER NOT NULL,
    pa INTEGER NOT NULL,
    memory INTEGER NOT NULL,
    operation INTEGER NOT NULL,
    ipa INTEGER NOT NULL,
    from_event INTEGER NOT NULL,
    until_event INTEGER NOT NULL,
    PRIMARY KEY (size_lg2, pa, memory, operation)
) STRICT, WITHOUT ROWID;

CREATE TABLE table_stores (
    memory INTEGER NOT NULL,
    page INTEGER NOT NULL,
    event INTEGER NOT NULL,
    pa INTEGER NOT NULL,
    old_value INTEGER NOT NULL,
    new_value INTEGER NOT NULL,
    until_event INTEGER NOT NULL,
    software INTEGER NOT NULL,
    PRIMARY KEY (memory, page, event, pa)
) STRICT, WITHOUT ROWID;

CREATE TABLE table_pointers (
    memory INTEGER NOT NULL,
    page_lg2 INTEGER NOT NULL,
    page INTEGER NOT NULL,
    from_event INTEGER NOT NULL,
    pa INTEGER NOT NULL,
    until_event INTEGER NOT NULL,
    target INTEGER NOT NULL,
    software INTEGER NOT NULL,
    PRIMARY KEY (memory, page_lg2, page, from_event, pa)
) STRICT, WITHOUT ROWID;

CREATE TABLE live_tables (
    life INTEGER PRIMARY KEY,
    parent INTEGER,
    memory INTEGER NOT NULL,
    space INTEGER NOT NULL,
    level INTEGER NOT NULL,
    pa INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    entry_pa INTEGER,
    va INTEGER NOT NULL,
    linked_level INTEGER NOT NULL,
    from_event INTEGER NOT NULL,
    until_event INTEGER NOT NULL,
    pointed_until_event INTEGER NOT NULL,
    next_event INTEGER NOT NULL
) STRICT;

-- One number for a mapping: the sum over a set of them stands for the set (mmu/digest.h has the same, and says why).
CREATE VIEW mapping_digests AS
SELECT mapping, (((page & 0x7fffffff) * (page & 0x7fffffff) >> 16 & 0x7fffffff) + 1)
              * (((what & 0x7fffffff) * (what & 0x7fffffff) >> 16 & 0x7fffffff) + 1) >> 24 AS digest
FROM (SELECT mapping, ((va & 0x7fffffff) * 1779033703 >> 16) + ((va >> 31 & 0x7fffffff) * 1359893119 >> 16) AS page,
             ((pa & 0x7fffffff) * 1541459225 >> 16) + ((pa >> 31 & 0x7fffffff) * 528734635 >> 16)
             + (((attributes << 6) + size_lg2) * 1013904243 >> 16) AS what
      FROM mapping_windows);

-- The levels of each space with an Arm format. A table resolves page_lg2 - 3 bits, the root what is left above (DDI 0487 L.b, D8.2).
CREATE VIEW arm_levels AS
WITH RECURSIVE arm AS (
    SELECT space, event, IFNULL(stage2, 0) AS memory, root, asid, vmid, va_bits, format LIKE 'vmsa-s2-%' AS second,
           format LIKE 'vmsa-el2-%' AS el2, va_form = 1 AS upper, format LIKE '%-concatenated' AS concatenated,
           CASE WHEN format LIKE '%-64k-%' THEN 16 WHEN format LIKE '%-16k-%' THEN 14 ELSE 12 END AS page_lg2
    FROM spaces WHERE format LIKE 'vmsa-%'
), shaped AS (
    SELECT *, 4 - (va_bits - 4) / (page_lg2 - 3) + concatenated AS first_level FROM arm
), levels AS (
    SELECT *, first_level AS level FROM shaped
    UNION ALL SELECT space, event, memory, root, asid, vmid, va_bits, second, el2, upper, concatenated, page_lg2, first_level, level + 1
    FROM levels WHERE level < 3
)
SELECT space, event, memory, root, asid, vmid, second, el2, upper, page_lg2, level, level = first_level AS is_root,
       page_lg2 + (3 - level) * (page_lg2 - 3) AS span_lg2,
       level = 3 OR level = 2 OR (level = 1 AND page_lg2 = 12) AS has_leaves,
       IIF(level = first_level, 8 << (va_bits - page_lg2 - (3 - first_level) * (page_lg2 - 3)), 1 << page_lg2) AS bytes,
       IIF(upper, -1 << va_bits, 0) AS first_va
FROM levels;

-- The pages of 4 KiB that tables of each size have: the first byte of each.
CREATE VIEW table_parts AS
WITH RECURSIVE parts (bytes, first) AS (
    SELECT DISTINCT bytes, 0 FROM arm_levels
    UNION ALL SELECT bytes, first + 4096 FROM parts WHERE first + 4096 < bytes
)
SELECT bytes, first FROM parts;

-- The tables that those of the last level in `live_tables` point to: from the store that links one, or from when the table above
-- became live, until another store, or until the table above is live no more. One that is linked again is the newer one from then on.
CREATE VIEW tables_below AS
WITH parts AS MATERIALIZED (SELECT * FROM table_parts), sizes AS MATERIALIZED (SELECT DISTINCT bytes FROM table_parts),
links AS (
    SELECT x.life, p.pa AS entry_pa, p.target, x.level AS linked_level, p.from_event, MIN(p.until_event, x.until_event) AS until_event
    FROM live_tables x CROSS JOIN parts n ON n.bytes = x.bytes CROSS JOIN arm_levels a ON a.space = x.space AND a.level = x.level
    CROSS JOIN table_pointers p ON p.memory = x.memory AND p.page_lg2 = a.page_lg2 AND p.page = (x.pa + n.first) >> 12
     AND p.from_event > x.from_event AND p.from_event < x.until_event
    WHERE x.level = (SELECT MAX(level) FROM live_tables) AND p.software AND p.pa >= x.pa AND p.pa < x.pa + x.bytes
    UNION ALL
    SELECT x.life, p.pa, p.target, x.linked_level, x.from_event, MIN(p.until_event, x.until_event)
    FROM table_pointers p CROSS JOIN sizes z
    CROSS JOIN live_tables x ON x.memory = p.memory AND x.pa = p.pa & -z.bytes
     AND x.from_event >= p.from_event AND x.from_event < p.until_event
    CROSS JOIN arm_levels a ON a.space = x.space AND a.level = x.level AND a.page_lg2 = p.page_lg2
    WHERE x.bytes = z.bytes AND x.level = (SELECT MAX(level) FROM live_tables)
), placed AS (
    SELECT x.life AS parent, x.memory, x.space, x.level + 1 AS level, l.target AS pa,
           1 << a.page_lg2 AS bytes, l.entry_pa, x.va + ((l.entry_pa - x.pa) / 8 << a.span_lg2) AS va, l.linked_level, l.from_event, l.until_event
    FROM links l CROSS JOIN live_tables x ON x.life = l.life CROSS JOIN arm_levels a ON a.space = x.space AND a.level = x.level
    WHERE x.level < 3
)
SELECT parent, memory, space, level, pa, bytes, entry_pa, va, linked_level, from_event, MIN(until_event, next_event) AS until_event,
       until_event AS pointed_until_event, next_event
FROM (SELECT *, LEAD(from_event, 1, 0x7fffffffffffffff) OVER (PARTITION BY memory, space, pa ORDER BY from_event, linked_level, va) AS next_event
      FROM placed);

-- Two spaces with one root are judged as the first one's.
CREATE VIEW root_tables AS
SELECT memory, space, level, root AS pa, bytes, first_va AS va, MIN(event) AS from_event FROM arm_levels WHERE is_root GROUP BY memory, root;
