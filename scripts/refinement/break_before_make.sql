-- Break-before-make and its relatives: how software changes entries of live Arm tables (DDI 0487 L.b, D8.17.1). From stores,
-- barriers and invalidations alone, with the shapes of the tables from D8.2 and their words from D8.3. Other architectures have no
-- such rule. sim/protocol/README.md draws the protocol; live_tables.sql says when a page is a table (a `life` of one).

-- Stores of software to entries of live tables, with what the words say at this level: 0 nothing, 1 a table, 2 a leaf.
-- (0xfffffffff000 is an entry's address, 3 a table's type.)
CREATE VIEW entry_changes AS
WITH parts AS MATERIALIZED (SELECT * FROM table_parts), levels AS MATERIALIZED (SELECT * FROM arm_levels)
SELECT w.event, e.cycle, e.core, e.operation, w.pa, w.old_value, w.new_value, t.life, t.space, t.level,
       t.va + ((w.pa - t.pa) / 8 << a.span_lg2) AS va, a.span_lg2, a.page_lg2, a.asid, a.vmid, a.second, a.el2, a.upper,
       CASE WHEN NOT w.old_value & 1 THEN 0 WHEN t.level < 3 AND w.old_value & 2 THEN 1
            WHEN a.has_leaves AND (w.old_value & 2 <> 0) = (t.level = 3) THEN 2 ELSE 0 END AS was,
       CASE WHEN NOT w.new_value & 1 THEN 0 WHEN t.level < 3 AND w.new_value & 2 THEN 1
            WHEN a.has_leaves AND (w.new_value & 2 <> 0) = (t.level = 3) THEN 2 ELSE 0 END AS becomes
FROM live_tables t CROSS JOIN levels a ON a.space = t.space AND a.level = t.level CROSS JOIN parts n ON n.bytes = t.bytes
CROSS JOIN table_stores w ON w.memory = t.memory AND w.page = (t.pa + n.first) >> 12 AND w.event > t.from_event AND w.event < t.until_event
CROSS JOIN entry_writes e ON e.event = w.event
WHERE w.software AND w.old_value <> w.new_value AND w.pa >= t.pa AND w.pa < t.pa + t.bytes;

-- Entries that were valid and are not any more, by a store to them or to an entry above, and `top`, the entry that must not be made
-- valid (`make_event`, while its table is live) before this one is clean. `kind` is what the word was.
CREATE VIEW entry_breaks AS
WITH direct AS MATERIALIZED (
    SELECT * FROM (SELECT *, LEAD(event) OVER (PARTITION BY life, pa ORDER BY event) AS next_event FROM entry_changes WHERE was OR becomes)
    WHERE was AND NOT becomes
), removed AS MATERIALIZED (
    SELECT t.life, d.event, d.cycle, d.core, d.life AS top_life, d.pa AS top, d.next_event AS make_event
    FROM direct d CROSS JOIN live_tables t ON t.until_event = d.event
    WHERE d.was = 1 AND t.space = d.space AND t.level > d.level AND t.pointed_until_event = d.event
), left_words AS (
    -- words that were valid when their table was removed
    SELECT r.*, v.pa, v.new_value AS word, t.space, t.level, t.va + ((v.pa - t.pa) / 8 << a.span_lg2) AS va, a.span_lg2, a.page_lg2, a.asid,
           a.vmid, a.second, a.el2, a.upper,
           CASE WHEN t.level < 3 AND v.new_value & 2 THEN 1
                WHEN a.has_leaves AND (v.new_value & 2 <> 0) = (t.level = 3) THEN 2 ELSE 0 END AS kind
    FROM (SELECT 1 FROM removed LIMIT 1) CROSS JOIN table_stores v CROSS JOIN (SELECT DISTINCT bytes FROM table_parts) z
    CROSS JOIN live_tables t ON t.memory = v.memory AND t.pa = v.pa & -z.bytes AND t.until_event > v.event AND t.until_event < v.until_event
    CROSS JOIN removed r ON r.life = t.life CROSS JOIN arm_levels a ON a.space = t.space AND a.level = t.level
    WHERE v.new_value & 1 AND t.bytes = z.bytes
)
SELECT event, cycle, core, life, pa, life AS top_life, pa AS top, next_event AS make_event, old_value AS word, was AS kind, space, level, va,
       span_lg2, page_lg2, asid, vmid, second, el2, upper
FROM direct
UNION ALL
SELECT d.event, d.cycle, d.core, d.life, d.pa, r.top_life, r.top, r.make_event, d.old_value, d.was, d.space, d.level, d.va, d.span_lg2,
       d.page_lg2, d.asid, d.vmid, d.second, d.el2, d.upper
FROM removed r CROSS JOIN direct d ON d.life = r.life WHERE d.next_event IS NULL
UNION ALL
SELECT event, cycle, core, life, pa, top_life, top, make_event, word, kind, space, level, va, span_lg2, page_lg2, asid, vmid, second, el2, upper
FROM left_words WHERE kind;

-- Each break and the steps until it is clean, or its top is made valid: first_barrier (DSB ISH 0 or ISHST 2), the invalidation that
-- covers it, the DSB ISH that completes it. All by the core that broke it (D8.17).
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
), first_barriers AS MATERIALIZED (
    SELECT m.*, (SELECT b.event FROM barriers b
                 WHERE b.event > m.event AND b.event < IFNULL(m.make_event, 0x7fffffffffffffff) AND b.core = m.core AND b.kind IN (0, 2)
                 ORDER BY b.event LIMIT 1) AS first_barrier
    FROM ranged m WHERE m.make_event IS NOT NULL OR (m.kind = 1 AND m.pa = m.top AND m.life = m.top_life)
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

-- Until when walks may read a table: while it is live, and then until the entry that was made invalid is clean or stands for something
-- else, or until the table above it is forgotten. `remembered_event` is that time, whatever became of the page meanwhile.
CREATE VIEW remembered_tables AS
WITH RECURSIVE ends AS MATERIALIZED (
    SELECT life, pa, event, cycle, word, MIN(IFNULL(clean_event, 0x7fffffffffffffff), IFNULL(make_event, 0x7fffffffffffffff)) AS forgotten_event
    FROM entry_cycles WHERE kind = 1 AND pa = top AND life = top_life
), remembered (life, until_event, next_event, remembered_event, removal_pa, removal_cycle) AS (
    SELECT life, until_event, next_event, until_event, NULL, NULL FROM live_tables WHERE parent IS NULL
    UNION ALL
    SELECT t.life, t.until_event, t.next_event,
           CASE WHEN b.forgotten_event <= r.until_event THEN b.forgotten_event
                WHEN b.life IS NOT NULL OR t.pointed_until_event = r.until_event THEN MIN(r.remembered_event, r.next_event)
                ELSE t.pointed_until_event END,
           IFNULL(b.pa, r.removal_pa), IFNULL(b.cycle, r.removal_cycle)
    FROM remembered r CROSS JOIN live_tables t ON t.parent = r.life
    LEFT JOIN ends b ON b.life = t.parent AND b.pa = t.entry_pa AND b.event = t.pointed_until_event
                    AND b.word & 0xfffffffff000 & -t.bytes = t.pa
)
SELECT life, until_event, remembered_event, MIN(remembered_event, next_event) AS forgotten_event, removal_pa, removal_cycle FROM remembered;

-- A valid entry becomes another one of other kind, or a leaf of other address, memory type, shareability, not-global bit or
-- contiguous run: only through an invalid one. Permissions, the access flag (0x400) and software's bits may change.
CREATE VIEW changes_without_break AS
SELECT 'changed_without_break' AS rule, event, cycle, core, space, va,
       printf('the level %d entry at 0x%x changes from 0x%x to 0x%x without having been invalid between', level, pa, old_value,
              new_value) AS explanation,
       operation, level, level AS linked_level, NULL AS other
FROM entry_changes
WHERE was AND becomes
  AND CASE WHEN was <> becomes THEN 1
           WHEN was = 1 THEN ((old_value | new_value) & ~(old_value & new_value)) & 0xfffffffff000 & -(1 << page_lg2)
           ELSE ((old_value | new_value) & ~(old_value & new_value))
                & (0xfffffffff300 | CASE WHEN second THEN 0x3c WHEN el2 THEN 0x1c ELSE 0x81c END)
                OR ((old_value | new_value) >> 52 & 1 AND ((old_value | new_value) & ~(old_value & new_value)) & ~0x400) END;

-- What was made invalid is made valid before it is clean, as something for which a break is wanted.
CREATE VIEW entries_made_before_clean AS
WITH changes AS MATERIALIZED (SELECT * FROM entry_changes WHERE becomes AND NOT was)
SELECT 'made_before_clean' AS rule, m.event, m.cycle, m.core, m.space, m.va,
       printf('the level %d entry at 0x%x becomes valid, but %s was made invalid in cycle %d and is not clean: %s', m.level, m.pa,
              IIF(c.pa = m.pa, 'it', printf('the entry at 0x%x below it', c.pa)), c.cycle,
              CASE WHEN c.first_barrier IS NULL THEN 'no DSB ISH or ISHST followed'
                   WHEN c.invalidation_event IS NULL THEN 'no invalidation covered it after the barrier'
                   ELSE 'the invalidation was not completed by a DSB ISH' END,
              -- of several the first that is not clean
              MIN(IIF(c.clean_event IS NULL, c.event, NULL))) AS explanation,
       m.operation, m.level, m.level AS linked_level, NULL AS other
FROM entry_cycles c CROSS JOIN changes m ON m.event = c.make_event AND m.life = c.top_life
GROUP BY m.event, m.life
HAVING SUM(c.clean_event IS NULL)
   AND NOT MAX(c.clean_event IS NULL AND c.pa = c.top AND c.life = c.top_life AND c.kind = m.becomes AND CASE
       WHEN c.kind = 1 THEN NOT ((c.word | m.new_value) & ~(c.word & m.new_value)) & 0xfffffffff000 & -(1 << m.page_lg2)
       ELSE NOT (((c.word | m.new_value) & ~(c.word & m.new_value)) & (0xfffffffff300 | CASE WHEN m.second THEN 0x3c WHEN m.el2 THEN 0x1c ELSE 0x81c END))
            AND NOT ((c.word | m.new_value) >> 52 & 1 AND ((c.word | m.new_value) & ~(c.word & m.new_value)) & ~0x400) END);

-- An entry of a removed table becomes valid while walks may still read it there.
CREATE VIEW writes_below_unclean AS
SELECT 'write_below_unclean' AS rule, w.event, e.cycle, e.core, t.space, t.va + ((w.pa - t.pa) / 8 << a.span_lg2) AS va,
       printf('the level %d entry at 0x%x becomes 0x%x, but the entry at 0x%x above it was made invalid in cycle %d and is not clean',
              t.level, w.pa, w.new_value, r.removal_pa, r.removal_cycle) AS explanation,
       e.operation, t.level, t.level AS linked_level, NULL AS other
FROM remembered_tables r CROSS JOIN live_tables t ON t.life = r.life CROSS JOIN arm_levels a ON a.space = t.space AND a.level = t.level
CROSS JOIN table_parts n ON n.bytes = t.bytes
CROSS JOIN table_stores w ON w.memory = t.memory AND w.page = (t.pa + n.first) >> 12 AND w.event > r.until_event AND w.event < r.forgotten_event
CROSS JOIN entry_writes e ON e.event = w.event
WHERE r.forgotten_event > r.until_event AND w.software AND w.old_value <> w.new_value AND w.pa >= t.pa AND w.pa < t.pa + t.bytes
  AND CASE WHEN NOT w.new_value & 1 THEN 0 WHEN t.level < 3 AND w.new_value & 2 THEN 1
           ELSE a.has_leaves AND (w.new_value & 2 <> 0) = (t.level = 3) END;

-- A page becomes a table that is one already, or that walks may still read as what it was: of the same space, or of another (`other`),
-- where it was one before this store.
CREATE VIEW tables_twice AS
WITH tables AS MATERIALIZED (
    -- of the same space and level the newer one is judged from then on: the one before it is asked for by this event still
    SELECT t.*, MAX(t.from_event + 1, IIF(r.remembered_event > t.next_event, t.next_event + 1, r.remembered_event)) AS read_until,
           MAX(t.from_event + 1, IIF(t.pointed_until_event > t.next_event, t.next_event + 1, t.pointed_until_event)) AS live_until
    FROM remembered_tables r CROSS JOIN live_tables t ON t.life = r.life
), pages AS (
    SELECT t.life, t.from_event, MAX(t.read_until) OVER before AS read_until
    FROM tables t CROSS JOIN table_parts n ON n.bytes = t.bytes
    WINDOW before AS (PARTITION BY t.memory, (t.pa + n.first) >> 12 ORDER BY t.from_event, t.linked_level, t.space, t.va, t.level
                      ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
), broken AS (
    -- what comes after a table that is one of its space at the same address already is asked for by nobody
    SELECT space, MIN(from_event) AS event
    FROM (SELECT space, from_event, MAX(read_until) OVER (PARTITION BY memory, space, pa ORDER BY from_event, linked_level, va, level
                                                          ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS read_until
          FROM tables)
    WHERE read_until > from_event GROUP BY space
), met AS (
    -- not beside each other in one page
    SELECT n.life, NULLIF(o.space, n.space) AS other, MAX(o.live_until > n.from_event) AS still
    FROM (SELECT DISTINCT life FROM pages WHERE read_until > from_event) m CROSS JOIN live_tables n ON n.life = m.life
    LEFT JOIN broken b ON b.space = n.space
    CROSS JOIN live_tables p ON p.memory = n.memory AND p.pa > n.pa - (SELECT MAX(bytes) FROM table_parts) AND p.pa < n.pa + n.bytes
                            AND p.from_event <= n.from_event
    CROSS JOIN tables o ON o.life = p.life
    WHERE n.from_event <= IFNULL(b.event, 0x7fffffffffffffff) AND o.pa + o.bytes > n.pa AND o.read_until > n.from_event
      AND IIF(o.space = n.space, (o.from_event, o.linked_level, o.va, o.level) < (n.from_event, n.linked_level, n.va, n.level),
              o.from_event < n.from_event)
    GROUP BY n.life, o.space
)
SELECT 'table_twice' AS rule, n.from_event AS event, IFNULL(w.cycle, s.cycle) AS cycle, IFNULL(w.core, s.core) AS core, n.space, n.va,
       printf('0x%x becomes a table %s', n.pa, IIF(m.still, 'twice: it is one already', 'while walks may still read what it was')) AS explanation,
       w.operation, n.level, n.linked_level, m.other
FROM met m CROSS JOIN live_tables n ON n.life = m.life LEFT JOIN entry_writes w ON w.event = n.from_event LEFT JOIN spaces s ON s.event = n.from_event;

-- Each space is judged up to the first store that breaks a rule in it: what follows a broken protocol means nothing. Of several rules
-- that this store breaks there the one of the uppermost entry that it is one of counts, of the tables that it links the first. That a
-- page is a table of another space too is told of the space whose table it became later, as long as no store to its own tables has
-- broken a rule in either.
CREATE VIEW protocol_breaks AS
WITH stores AS MATERIALIZED (
    SELECT * FROM changes_without_break UNION ALL SELECT * FROM entries_made_before_clean
    UNION ALL SELECT * FROM writes_below_unclean UNION ALL SELECT * FROM tables_twice
), own AS MATERIALIZED (
    SELECT space, MIN(event) AS event FROM stores WHERE other IS NULL GROUP BY space
), counted AS (
    SELECT s.*, ROW_NUMBER() OVER (PARTITION BY s.space ORDER BY s.event, s.linked_level, s.va, s.level) AS number
    FROM stores s LEFT JOIN own a ON a.space = s.space LEFT JOIN own b ON b.space = s.other
    WHERE s.other IS NULL OR s.event < MIN(IFNULL(a.event, 0x7fffffffffffffff), IFNULL(b.event, 0x7fffffffffffffff))
)
SELECT rule, event, cycle, core, space, va, explanation, operation, NULL AS walk, NULL AS entry, NULL AS invalidation, NULL AS mapping
FROM counted WHERE number = 1;

CREATE VIEW rule_changed_without_break AS SELECT * FROM protocol_breaks WHERE rule = 'changed_without_break';
CREATE VIEW rule_made_before_clean AS SELECT * FROM protocol_breaks WHERE rule = 'made_before_clean';
CREATE VIEW rule_write_below_unclean AS SELECT * FROM protocol_breaks WHERE rule = 'write_below_unclean';
CREATE VIEW rule_table_twice AS SELECT * FROM protocol_breaks WHERE rule = 'table_twice';
