-- Break-before-make and its relatives: how software changes entries of live Arm tables (DDI 0487 L.b, D8.17.1). From stores,
-- barriers and invalidations alone, with the shapes of the tables from D8.2 and their words from D8.3. Guests, whose
-- tables lie behind a second stage, are left out; other architectures have no such rule. sim/protocol/README.md draws the protocol.

-- Whether SQL can follow the tables in reasonable time: each time that a page becomes a table, all stores to the page are looked
-- at. Where pages become tables thousands of times, the checker in C judges alone, and `judged` says so.
CREATE VIEW tables_followed AS
SELECT IFNULL(SUM(l.links * w.writes), 0) <= 1000000 AS followed
FROM (SELECT new_value & 0xfffffffff000 AS page, COUNT(*) AS links FROM entry_writes
      WHERE new_value & 3 = 3 AND new_value <> old_value GROUP BY 1) l
JOIN (SELECT pa & ~4095 AS page, COUNT(*) AS writes FROM entry_writes GROUP BY 1) w ON w.page = l.page;

-- The levels of each space with an Arm format. A table resolves page_lg2 - 3 bits, the root what is left above.
CREATE VIEW arm_levels AS
WITH RECURSIVE arm AS (
    SELECT space, event, root, asid, vmid, va_bits, format LIKE 'vmsa-s2-%' AS second, format LIKE 'vmsa-el2-%' AS el2,
           va_form = 1 AS upper, format LIKE '%-concatenated' AS concatenated,
           CASE WHEN format LIKE '%-64k-%' THEN 16 WHEN format LIKE '%-16k-%' THEN 14 ELSE 12 END AS page_lg2
    FROM spaces WHERE format LIKE 'vmsa-%' AND stage2 IS NULL AND (SELECT followed FROM tables_followed)
), shaped AS (
    SELECT *, 4 - (va_bits - page_lg2 + page_lg2 - 4) / (page_lg2 - 3) + concatenated AS first_level FROM arm
), levels AS (
    SELECT *, first_level AS level FROM shaped
    UNION ALL SELECT space, event, root, asid, vmid, va_bits, second, el2, upper, concatenated, page_lg2, first_level, level + 1
    FROM levels WHERE level < 3
)
SELECT space, event, root, asid, vmid, second, el2, upper, page_lg2, level, level = first_level AS is_root,
       page_lg2 + (3 - level) * (page_lg2 - 3) AS span_lg2,
       level = 3 OR level = 2 OR (level = 1 AND page_lg2 = 12) AS has_leaves,
       8 << (va_bits - page_lg2 - (3 - first_level) * (page_lg2 - 3)) AS root_bytes,
       IIF(upper, -1 << va_bits, 0) AS first_va
FROM levels;

-- Tables and when they are live: from the store that links them, or the space's beginning, until a store to an entry on the
-- way down unlinks them (until_event; 0x7fff... is never). 0xfffffffff000 is an entry's address, 3 a table's type.
CREATE VIEW live_tables AS
WITH RECURSIVE tables (space, level, pa, bytes, va, from_event, until_event) AS (
    SELECT space, level, root, root_bytes, first_va, MIN(event), 0x7fffffffffffffff FROM arm_levels WHERE is_root GROUP BY root
    UNION ALL
    SELECT t.space, t.level + 1, w.new_value & 0xfffffffff000 & -(1 << a.page_lg2), 1 << a.page_lg2,
           t.va + ((w.pa - t.pa) / 8 << a.span_lg2), MAX(w.event, t.from_event),
           MIN(t.until_event, IFNULL((SELECT MIN(n.event) FROM entry_writes n
                                      WHERE n.pa = w.pa AND n.event > w.event AND n.new_value <> n.old_value), 0x7fffffffffffffff))
    FROM tables t CROSS JOIN arm_levels a ON a.space = t.space AND a.level = t.level
    CROSS JOIN entry_writes w ON w.pa >= t.pa AND w.pa < t.pa + t.bytes
    WHERE t.level < 3 AND w.new_value & 3 = 3 AND w.new_value <> w.old_value AND +w.event < t.until_event
      AND IFNULL((SELECT MIN(n.event) FROM entry_writes n
                  WHERE n.pa = w.pa AND n.event > w.event AND n.new_value <> n.old_value), 0x7fffffffffffffff) > t.from_event
)
-- (integers by type, so that joins can look them up)
SELECT t.space, t.level, CAST(t.pa AS INTEGER) AS pa, t.bytes, t.va, CAST(t.from_event AS INTEGER) AS from_event,
       CAST(t.until_event AS INTEGER) AS until_event, a.asid, a.vmid, a.second, a.el2, a.upper, a.span_lg2, a.has_leaves, a.page_lg2
FROM tables t CROSS JOIN arm_levels a ON a.space = t.space AND a.level = t.level;

-- Stores of software to entries, with what the words say at this level: 0 nothing, 1 a table, 2 a leaf. `live`: of a live
-- table; else the table was unlinked by until_event, and may be reached by walks that remember the way.
CREATE VIEW entry_changes AS
SELECT w.event, w.cycle, w.core, w.operation, w.pa, w.old_value, w.new_value, t.space, t.level, t.pa AS table_pa,
       t.va + ((w.pa - t.pa) / 8 << t.span_lg2) AS va, t.span_lg2, t.page_lg2, t.asid, t.vmid, t.second, t.el2, t.upper, t.from_event, t.until_event,
       w.event < t.until_event AS live,
       CASE WHEN NOT w.old_value & 1 THEN 0 WHEN t.level < 3 AND w.old_value & 2 THEN 1
            WHEN t.has_leaves AND (w.old_value & 2 <> 0) = (t.level = 3) THEN 2 ELSE 0 END AS was,
       CASE WHEN NOT w.new_value & 1 THEN 0 WHEN t.level < 3 AND w.new_value & 2 THEN 1
            WHEN t.has_leaves AND (w.new_value & 2 <> 0) = (t.level = 3) THEN 2 ELSE 0 END AS becomes
FROM live_tables t CROSS JOIN entry_writes w ON w.pa >= t.pa AND w.pa < t.pa + t.bytes AND +w.event > t.from_event
WHERE w.walk IS NULL AND w.old_value <> w.new_value;

-- Entries that were valid and are not any more, by a store to them or to an entry above, and `top`, the entry that must not
-- be made valid before this one is clean. `kind` is what the word was; in a removed table it may be clean already.
CREATE VIEW entry_breaks AS
WITH lives AS MATERIALIZED (SELECT * FROM live_tables), direct AS MATERIALIZED (
    SELECT event, cycle, core, pa, pa AS top, old_value AS word, was AS kind, space, level, va, span_lg2, page_lg2, asid, vmid, second, el2, upper,
           from_event, until_event
    FROM entry_changes WHERE live AND was AND NOT becomes
), removed AS MATERIALIZED (
    SELECT t.*, d.event AS removal, d.cycle AS removal_cycle, d.core AS removal_core, d.pa AS removal_pa
    FROM direct d CROSS JOIN lives t ON t.until_event = d.event
    WHERE d.kind = 1
), left_words AS (
    SELECT r.*, w.pa AS word_pa, w.new_value AS word,
           CASE WHEN NOT w.new_value & 1 THEN 0 WHEN r.level < 3 AND w.new_value & 2 THEN 1
                WHEN r.has_leaves AND (w.new_value & 2 <> 0) = (r.level = 3) THEN 2 ELSE 0 END AS kind
    FROM removed r CROSS JOIN entry_writes w ON w.pa >= r.pa AND w.pa < r.pa + r.bytes
    WHERE +w.event < r.removal AND +w.event = (SELECT MAX(n.event) FROM entry_writes n WHERE n.pa = w.pa AND n.event < r.removal)
)
SELECT event, cycle, core, pa, top, word, kind, space, level, va, span_lg2, page_lg2, asid, vmid, second, el2, upper, from_event FROM direct
UNION ALL
SELECT d.event, d.cycle, d.core, d.pa, r.removal_pa, d.word, d.kind, d.space, d.level, d.va, d.span_lg2, d.page_lg2, d.asid, d.vmid, d.second, d.el2,
       d.upper, d.from_event
FROM removed r CROSS JOIN direct d ON d.until_event = r.removal AND d.pa >= r.pa AND d.pa < r.pa + r.bytes
UNION ALL
SELECT removal, removal_cycle, removal_core, word_pa, removal_pa, word, kind, space, level, va + ((word_pa - pa) / 8 << span_lg2), span_lg2, page_lg2,
       asid, vmid, second, el2, upper, from_event
FROM left_words WHERE kind;

-- Each break with the store that makes its top valid again, if there is one, and the steps between: first_barrier (DSB ISH 0
-- or ISHST 2), the invalidation that covers it, the DSB ISH that completes it. All by the core that broke it (D8.17).
-- Stage 2 in one step, or by intermediate address, DSB ISH, and then all that stage 1 made of it (D8.17.5).
CREATE VIEW entry_cycles AS
WITH machine AS (
    SELECT EXISTS (SELECT 1 FROM configuration WHERE name = 'invalidation.scheme' AND value = 'interrupt')
           OR EXISTS (SELECT 1 FROM configuration WHERE name = 'cores' AND value = '1') AS local_is_enough
), ranged AS (
    -- what the entry translated: of a leaf in a run of contiguous ones (bit 52) the whole run
    SELECT *, kind = 2 AND NOT second AND (el2 OR NOT word & 0x800) AS global,
           va & -(1 << size_lg2) AS first_va, (va & -(1 << size_lg2)) + (1 << size_lg2) - 1 AS last_va
    FROM (SELECT b.*, span_lg2 + IIF(kind = 2 AND word >> 52 & 1,
                 CASE page_lg2 WHEN 12 THEN 4 WHEN 14 THEN IIF(level = 3, 7, 5) ELSE 5 END, 0) AS size_lg2
          FROM entry_breaks b)
), made AS MATERIALIZED (
    SELECT r.*, (SELECT w.event FROM entry_writes w
                 WHERE w.pa = r.top AND w.event > r.event AND w.walk IS NULL AND w.new_value & 1 AND w.new_value <> w.old_value
                 ORDER BY w.event LIMIT 1) AS make_event
    FROM ranged r
), first_barriers AS MATERIALIZED (
    SELECT m.*, (SELECT b.event FROM barriers b
                 WHERE b.event > m.event AND b.event < IFNULL(m.make_event, 0x7fffffffffffffff) AND b.core = m.core AND b.kind IN (0, 2)
                 ORDER BY b.event LIMIT 1) AS first_barrier
    FROM made m WHERE m.make_event IS NOT NULL OR (m.kind = 1 AND m.pa = m.top)
), stage2_gone AS MATERIALIZED (
    SELECT f.*, (SELECT b.event FROM barriers b WHERE b.core = f.core AND b.kind = 0 AND b.event > (
                     SELECT i.event FROM invalidations i
                     WHERE f.second AND i.core = f.core AND i.event > f.first_barrier AND i.event < IFNULL(f.make_event, 0x7fffffffffffffff)
                       AND +i.scope = 4 AND +i.vmid = f.vmid AND i.va <= f.last_va AND i.va + IFNULL(i.size_bytes, 1) > f.first_va
                       AND NOT (i.last_level_only AND f.kind = 1)
                       AND (i.broadcast OR i.list IS NOT NULL OR (SELECT local_is_enough FROM machine))
                     ORDER BY i.event LIMIT 1)
                 ORDER BY b.event LIMIT 1) AS stage2_done
    FROM first_barriers f
), invalidated AS MATERIALIZED (
    SELECT g.*, (SELECT i.event FROM invalidations i
                 WHERE i.core = g.core AND i.event > g.first_barrier AND i.event < IFNULL(g.make_event, 0x7fffffffffffffff) AND +i.vmid = g.vmid
                   AND (i.broadcast OR i.list IS NOT NULL OR (SELECT local_is_enough FROM machine))
                   AND CASE WHEN g.second THEN i.scope = 5 OR (i.scope = 3 AND i.event > g.stage2_done)
                            WHEN i.last_level_only AND g.kind = 1 THEN 0
                            WHEN i.scope IN (3, 5) THEN 1
                            WHEN i.scope = 2 THEN i.asid = g.asid AND NOT g.upper AND NOT g.global
                            WHEN i.scope = 1 THEN i.va <= g.last_va AND i.va + IFNULL(i.size_bytes, 1) > g.first_va
                            WHEN i.scope = 0 THEN i.va <= g.last_va AND i.va + IFNULL(i.size_bytes, 1) > g.first_va
                                                  AND (g.global OR (i.asid = g.asid AND NOT g.upper)) END
                 ORDER BY i.event LIMIT 1) AS invalidation_event
    FROM stage2_gone g
)
SELECT *, (SELECT b.event FROM barriers b
           WHERE b.event > v.invalidation_event AND b.event < IFNULL(v.make_event, 0x7fffffffffffffff) AND b.core = v.core AND b.kind = 0
           ORDER BY b.event LIMIT 1) AS clean_event
FROM invalidated v;

-- Tables, and until when walks may read them: while live, and then until the entry above is clean or stands for something else.
CREATE VIEW remembered_tables AS
WITH lives AS MATERIALIZED (SELECT * FROM live_tables), removals AS MATERIALIZED (
    SELECT event, cycle, pa, MIN(IFNULL(clean_event, 0x7fffffffffffffff), IFNULL(make_event, 0x7fffffffffffffff)) AS forgotten_event
    FROM entry_cycles WHERE kind = 1 AND pa = top)
SELECT t.*, r.cycle AS removal_cycle, r.pa AS removal_pa,
       CAST(IFNULL(r.forgotten_event, t.until_event) AS INTEGER) AS forgotten_event
FROM lives t LEFT JOIN removals r ON r.event = t.until_event;

-- A valid entry becomes another one of other kind, or a leaf of other address, memory type, shareability, not-global bit or
-- contiguous run: only through an invalid one. Permissions, the access flag (0x400) and software's bits may change.
CREATE VIEW rule_changed_without_break AS
SELECT 'changed_without_break' AS rule, event, cycle, core, space, va,
       printf('the level %d entry at 0x%x changes from 0x%x to 0x%x without having been invalid between', level, pa, old_value,
              new_value) AS explanation,
       operation, NULL AS walk, NULL AS entry, NULL AS invalidation, NULL AS mapping
FROM entry_changes
WHERE live AND was AND becomes
  AND CASE WHEN was <> becomes THEN 1
           WHEN was = 1 THEN ((old_value | new_value) & ~(old_value & new_value)) & 0xfffffffff000 & -(1 << page_lg2)
           ELSE ((old_value | new_value) & ~(old_value & new_value))
                & (0xfffffffff300 | CASE WHEN second THEN 0x3c WHEN el2 THEN 0x1c ELSE 0x81c END)
                OR ((old_value | new_value) >> 52 & 1 AND ((old_value | new_value) & ~(old_value & new_value)) & ~0x400) END;

-- What was made invalid is made valid before it is clean, as something for which a break is wanted.
CREATE VIEW rule_made_before_clean AS
SELECT 'made_before_clean' AS rule, m.event, m.cycle, m.core, m.space, m.va,
       printf('the level %d entry at 0x%x becomes valid, but %s was made invalid in cycle %d and is not clean: %s', m.level, m.pa,
              IIF(c.pa = m.pa, 'it', printf('the entry at 0x%x below it', c.pa)), c.cycle,
              CASE WHEN c.first_barrier IS NULL THEN 'no DSB ISH or ISHST followed'
                   WHEN c.invalidation_event IS NULL THEN 'no invalidation covered it after the barrier'
                   ELSE 'the invalidation was not completed by a DSB ISH' END,
              -- of several the first that is not clean
              MIN(IIF(c.clean_event IS NULL, c.event, NULL))) AS explanation,
       m.operation, NULL AS walk, NULL AS entry, NULL AS invalidation, NULL AS mapping
FROM entry_cycles c CROSS JOIN entry_changes m ON m.event = c.make_event
WHERE m.live AND m.becomes AND NOT m.was AND m.from_event <= c.event
GROUP BY m.event
HAVING SUM(c.clean_event IS NULL)
   AND NOT MAX(c.clean_event IS NULL AND c.pa = c.top AND c.kind = m.becomes AND CASE
       WHEN c.kind = 1 THEN NOT ((c.word | m.new_value) & ~(c.word & m.new_value)) & 0xfffffffff000 & -(1 << m.page_lg2)
       ELSE NOT (((c.word | m.new_value) & ~(c.word & m.new_value)) & (0xfffffffff300 | CASE WHEN m.second THEN 0x3c WHEN m.el2 THEN 0x1c ELSE 0x81c END))
            AND NOT ((c.word | m.new_value) >> 52 & 1 AND ((c.word | m.new_value) & ~(c.word & m.new_value)) & ~0x400) END);

-- An entry of a removed table becomes valid while walks may still read it there.
CREATE VIEW rule_write_below_unclean AS
SELECT 'write_below_unclean' AS rule, w.event, w.cycle, w.core, w.space, w.va,
       printf('the level %d entry at 0x%x becomes 0x%x, but the entry at 0x%x above it was made invalid in cycle %d and is not clean',
              w.level, w.pa, w.new_value, r.removal_pa, r.removal_cycle) AS explanation,
       w.operation, NULL AS walk, NULL AS entry, NULL AS invalidation, NULL AS mapping
FROM remembered_tables r CROSS JOIN entry_changes w ON w.space = r.space AND w.table_pa = r.pa AND w.from_event = r.from_event
WHERE r.removal_pa IS NOT NULL AND NOT w.live AND w.becomes AND w.event < r.forgotten_event
GROUP BY w.event;

-- A page becomes a table that is one already, or that walks may still read as what it was.
CREATE VIEW rule_table_twice AS
WITH ordered AS (
    SELECT *, MAX(forgotten_event) OVER (PARTITION BY pa ORDER BY from_event ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS read_until,
           MAX(until_event) OVER (PARTITION BY pa ORDER BY from_event ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS linked_until
    FROM remembered_tables
)
SELECT 'table_twice' AS rule, w.event, w.cycle, w.core, n.space, n.va,
       printf('0x%x becomes a table %s', n.pa, IIF(n.linked_until > n.from_event, 'twice: it is one already',
                                                   'while walks may still read what it was')) AS explanation,
       w.operation, NULL AS walk, NULL AS entry, NULL AS invalidation, NULL AS mapping
FROM ordered n CROSS JOIN entry_writes w ON w.event = n.from_event
WHERE n.read_until > n.from_event;
