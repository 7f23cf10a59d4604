-- Windows: when each page-table operation can be seen, from the raw record alone. Run when a run ends, and again when its
-- record is checked; what damage has left without a needed value makes no window then.
--
-- An operation begins with its first store that changes a word (issued: its own core may see it already), or with its
-- return if there is none, and, for what it removes, ends with the last of its return, the visibility of its stores and the acknowledgements of its invalidations.
-- Codes: operation 0 map, 1 unmap, 2 protect, 3 query; result 0 ok, 5 environment failed (half done, perhaps).

INSERT OR IGNORE INTO operation_windows
SELECT o.operation,
       COALESCE(w.first_issue, o.end_cycle, o.begin_cycle),
       w.last_visible,
       i.last_acknowledge,
       CASE WHEN o.end_cycle IS NOT NULL AND IFNULL(i.open, 0) = 0
            THEN MAX(o.end_cycle, IFNULL(w.last_visible, 0), IFNULL(i.last_acknowledge, 0)) END,
       -- Others may see what it does: the first of its stores, of what becomes of tables' memory, and of its return.
       NULLIF(MIN(IFNULL(o.end_event, 0x7fffffffffffffff), IFNULL(w.first_event, 0x7fffffffffffffff),
                  IFNULL(b.first_event, 0x7fffffffffffffff)), 0x7fffffffffffffff),
       -- Done in memory: returned (or its view taken, which comes first on some machines) and drained.
       MAX(MIN(o.end_event, IFNULL(v.event, o.end_event)), IFNULL(w.last_event, 0))
FROM operations o
LEFT JOIN (SELECT operation, MIN(IIF(old_value <> new_value, issue_cycle, NULL)) AS first_issue, MAX(visible_cycle) AS last_visible,
                  MIN(event) AS first_event, MAX(event) AS last_event
           FROM entry_writes WHERE operation IS NOT NULL GROUP BY operation) w USING (operation)
LEFT JOIN (SELECT i.operation,
                  -- an invalidation that completed without all its answers ends with its completion
                  MAX(IFNULL(a.acknowledge_cycle, i.complete_cycle)) AS last_acknowledge,
                  SUM(i.complete_cycle IS NULL) AS open
           FROM invalidations i LEFT JOIN acknowledgements a USING (invalidation)
           WHERE i.operation IS NOT NULL GROUP BY i.operation) i USING (operation)
LEFT JOIN (SELECT operation, MIN(event) AS first_event FROM table_blocks WHERE operation IS NOT NULL GROUP BY operation) b
    USING (operation)
LEFT JOIN (SELECT operation, MIN(event) AS event FROM table_views GROUP BY operation) v USING (operation)
ORDER BY o.operation;

-- Mappings: each begins with a map or a protect and ends with the next unmap or protect of the same page. The
-- n-th beginning of a page belongs to the n-th end, since a right history alternates; where that is
-- impossible (the history is wrong, which rule_operation_result tells) the next end after it is taken.
-- Operations without a known result may have happened: what they begin is never sure, nor what they end.
INSERT OR IGNORE INTO mapping_windows (space, va, last_va, pa, size_lg2, attributes, rights, first_rights, upgraded_rights,
                             upgraded_attributes, vmid, drain_cycle, map_operation,
                             remove_operation, may_from, must_from, must_until, may_until, map_begin_event,
                             map_end_event, map_done_event, remove_begin_event, remove_end_event,
                             remove_done_event)
WITH done AS MATERIALIZED (
    SELECT o.*, IFNULL(o.end_event, 0x7fffffffffffffff) AS turn, w.done_event,
           w.begin_cycle AS window_begin,
           CASE WHEN o.result = 0 THEN w.end_cycle END AS window_end,
           CASE WHEN o.result = 0 THEN MAX(o.end_cycle, IFNULL(w.drain_cycle, 0)) END AS drained
    FROM operations o JOIN operation_windows w USING (operation)
    WHERE o.kind IN (0, 1, 2) AND (o.result IS NULL OR o.result IN (0, 5))
), numbered AS (
    SELECT *, ROW_NUMBER() OVER (PARTITION BY space, va ORDER BY turn, event) AS number,
           SUM(kind = 0) OVER (PARTITION BY space, va ORDER BY turn, event ROWS UNBOUNDED PRECEDING) AS generation
    FROM done WHERE kind IN (0, 2)
), beginnings AS (
    -- a protect keeps the frame of the map before it
    SELECT operation, space, va, kind, attributes, generation, event, end_event, done_event, window_begin, window_end, drained, number,
           FIRST_VALUE(pa) OVER chain AS pa, FIRST_VALUE(size_lg2) OVER chain AS size_lg2
    FROM numbered
    WINDOW chain AS (PARTITION BY space, va, generation ORDER BY number)
), ends AS MATERIALIZED (
    SELECT *, ROW_NUMBER() OVER (PARTITION BY space, va ORDER BY turn, event) AS number
    FROM done WHERE kind IN (1, 2)
), paired AS (
    SELECT b.*, IFNULL(
        (SELECT e.operation FROM ends e
         WHERE e.space = b.space AND e.va = b.va AND e.number = b.number AND e.operation <> b.operation
           AND e.turn > b.event),
        (SELECT e.operation FROM ends e
         WHERE e.space = b.space AND e.va = b.va AND e.event > b.end_event
         ORDER BY e.event LIMIT 1)) AS remover
    FROM beginnings b
    WHERE b.pa IS NOT NULL
), permitted AS (
    -- What its state takes away from a mapping, unless hardware gives it back: an old page (128) faults, a clean one (64)
    -- takes no stores (2 and 16; DDI 0487, D8.5). What is not writable (2) begins clean, too: on x86 a kernel may store to it. Until hardware has made it dirty, its translations have the first rights.
    SELECT p.*, IFNULL(s.vmid, 0) AS vmid, p.attributes & 0x1f3f AS mapped, IFNULL(s.spurious, 0) AS spurious,
           CASE WHEN p.attributes & 128 AND NOT s.hardware_access THEN 0
                WHEN (p.attributes & 64 OR NOT p.attributes & 2) AND NOT (s.hardware_access AND s.hardware_dirty) THEN f.rights & ~18
                ELSE f.rights END AS rights,
           CASE WHEN p.attributes & 128 AND NOT s.hardware_access THEN 0
                WHEN p.attributes & 64 OR NOT p.attributes & 2 THEN f.rights & ~18
                ELSE f.rights END AS first_rights
    FROM paired p
    LEFT JOIN spaces s ON s.space = p.space
    LEFT JOIN format_rights f ON f.format = s.format AND f.attributes = p.attributes & 0x1f3f
), grown AS (
    SELECT p.*, LAG(rights) OVER chain AS before_rights, LAG(mapped) OVER chain AS before_mapped
    FROM permitted p
    WINDOW chain AS (PARTITION BY space, va, generation ORDER BY number)
), upgraded AS (
    -- Rights (15) that a protect adds need no invalidation where a fault may be spurious: until then translations with
    -- fewer are as right as the new ones (Intel SDM volume 3, 4.10.4.3; RISC-V Privileged, 4.2.1).
    SELECT g.*, IFNULL(g.kind = 2 AND g.spurious <> 0 AND g.before_rights & ~g.rights = 0
                       AND (g.before_mapped | g.mapped) & ~(g.before_mapped & g.mapped) & ~15 = 0
                       AND NOT EXISTS (SELECT 1 FROM invalidations i WHERE i.operation = g.operation), 0) AS grew
    FROM grown g
)
SELECT p.space, p.va, p.va + (1 << p.size_lg2) - 1, p.pa, p.size_lg2, p.mapped, p.rights, p.first_rights,
       IIF(p.grew, p.before_rights, p.rights), IIF(p.grew, p.before_mapped, p.mapped), p.vmid, w.drain_cycle,
       p.operation, r.operation,
       p.window_begin,
       CASE p.kind WHEN 0 THEN p.drained ELSE p.window_end END,
       e.begin_cycle, CASE WHEN r.result = 0 THEN e.end_cycle END,
       p.event, p.end_event, p.done_event, r.event, r.end_event, e.done_event
FROM upgraded p
JOIN operation_windows w ON w.operation = p.operation
LEFT JOIN operations r ON r.operation = p.remover         -- by number: of "done" SQLite makes no index here
LEFT JOIN operation_windows e ON e.operation = p.remover
ORDER BY p.event;

-- Where a mapping is looked for: by the base of the page in one size, then by its end. (Rules compare that end with
-- `+column`: without its affinity, or SQLite does not use an index of an expression.)
CREATE INDEX mapping_windows_by_page
    ON mapping_windows (space, va, size_lg2, IFNULL(may_until, 0x7fffffffffffffff));
CREATE INDEX mapping_windows_global
    ON mapping_windows (va, size_lg2, vmid, IFNULL(may_until, 0x7fffffffffffffff)) WHERE attributes & 16;
CREATE INDEX mapping_windows_by_frame ON mapping_windows (space, pa);
CREATE INDEX mapping_windows_by_operation ON mapping_windows (map_operation);
CREATE INDEX mapping_windows_by_removal ON mapping_windows (remove_operation);

-- The mappings of one page (or of one frame) in turn. `open_until_event` never falls from one to the next: so those that
-- are open at some time are few neighbours, found by two look-ups, however often a page is mapped again.
INSERT INTO mapping_turns
SELECT 0, space, va, size_lg2, ROW_NUMBER() OVER turns, mapping, map_begin_event,
       MAX(IFNULL(MAX(remove_end_event, remove_done_event), 0x7fffffffffffffff)) OVER turns
FROM mapping_windows
WINDOW turns AS (PARTITION BY space, va, size_lg2 ORDER BY map_begin_event ROWS UNBOUNDED PRECEDING);
INSERT INTO mapping_turns
SELECT 1, space, pa, size_lg2, ROW_NUMBER() OVER turns, mapping, map_begin_event,
       MAX(IFNULL(MAX(remove_end_event, remove_done_event), 0x7fffffffffffffff)) OVER turns
FROM mapping_windows
WINDOW turns AS (PARTITION BY space, pa, size_lg2 ORDER BY map_begin_event ROWS UNBOUNDED PRECEDING);
CREATE INDEX mapping_turns_by_begin ON mapping_turns (by_frame, space, base, size_lg2, begin_event, turn);
CREATE INDEX mapping_turns_by_end ON mapping_turns (by_frame, space, base, size_lg2, open_until_event, turn);

-- Neighbouring pages with neighbouring frames whose mappings never end: most uses are explained by one of few such runs.
INSERT OR IGNORE INTO mapping_runs
SELECT space, MIN(va), MAX(last_va), size_lg2, pa - va, rights, attributes, MAX(may_from)
FROM (SELECT *, (va >> size_lg2) - ROW_NUMBER() OVER (PARTITION BY space, size_lg2, pa - va, rights, attributes ORDER BY va)
                AS run
      FROM mapping_windows WHERE may_until IS NULL AND rights IS NOT NULL)
GROUP BY space, size_lg2, pa - va, rights, attributes, run;

-- When each core ran which tags, for lazy schemes alone.
INSERT INTO context_times
SELECT core, asid, vmid, cycle, IFNULL(LEAD(cycle) OVER (PARTITION BY core ORDER BY event), 0x7fffffffffffffff)
FROM contexts WHERE EXISTS (SELECT 1 FROM lazy_scheme);
CREATE INDEX context_times_by_end ON context_times (core, asid, vmid, until_cycle);

-- What each core's controls were, where that matters to any mapping.
INSERT INTO control_times
SELECT core, cycle, controls, key_rights FROM contexts WHERE EXISTS (SELECT 1 FROM allowed_rights) ORDER BY event;
CREATE INDEX control_times_by_core ON control_times (core, from_cycle);

-- What each view of a whole table should have seen: running sums over what begins and what is done. How many mappings
-- there may and must be and, where that is the same, their digest; the memory that the table holds. A view is quiet if
-- no other operation on the space was in the middle of what others can see, and no store of any was still to come, or came
-- in the same cycle.
INSERT INTO view_windows
WITH viewed AS MATERIALIZED (
    SELECT event, cycle, space, operation FROM table_views
    WHERE mappings IS NOT NULL OR sound IS NOT NULL OR blocks IS NOT NULL
), mapped AS MATERIALIZED (
    -- one that others see at once when it is done has no time in which it may be there
    SELECT m.space, b.first_event AS begin_event, m.map_done_event, e.first_event AS remove_begin_event, m.remove_done_event,
           d.digest, IFNULL(m.map_done_event <= b.first_event, 0) AS at_once
    FROM mapping_windows m JOIN mapping_digests d ON d.mapping = m.mapping
    JOIN operation_windows b ON b.operation = m.map_operation
    LEFT JOIN operation_windows e ON e.operation = m.remove_operation
    WHERE EXISTS (SELECT 1 FROM viewed) AND b.first_event IS NOT NULL
), lasting AS MATERIALIZED (
    SELECT o.space, w.first_event, MAX(o.end_event, w.done_event) AS last_event
    FROM operations o JOIN operation_windows w ON w.operation = o.operation
), late AS MATERIALIZED (
    SELECT DISTINCT o.space, w.drain_cycle FROM operations o JOIN operation_windows w ON w.operation = o.operation
    WHERE w.done_event > o.end_event
), changes (space, event, may, must, digest, busy, blocks, blocks_digest) AS (
    SELECT space, begin_event, 1, at_once, digest, 0, 0, 0 FROM mapped
    UNION ALL SELECT space, remove_done_event, -1, 0, -digest, 0, 0, 0 FROM mapped WHERE remove_done_event IS NOT NULL
    UNION ALL SELECT space, map_done_event, 0, 1, 0, 0, 0, 0 FROM mapped WHERE map_done_event IS NOT NULL AND NOT at_once
    UNION ALL SELECT space, MAX(map_done_event, remove_begin_event), 0, -1, 0, 0, 0, 0 FROM mapped
              WHERE MAX(map_done_event, remove_begin_event) IS NOT NULL
    UNION ALL SELECT space, first_event, 0, 0, 0, 1, 0, 0 FROM lasting
              WHERE first_event IS NOT NULL AND (last_event IS NULL OR last_event > first_event)
    UNION ALL SELECT space, last_event, 0, 0, 0, -1, 0, 0 FROM lasting WHERE last_event > first_event
    UNION ALL SELECT space, event, 0, 0, 0, 0, (NOT released) - held,
                     IIF(released, 0, digest) - IIF(held, digest_before, 0) FROM block_turns
    UNION ALL SELECT space, event, 0, 0, 0, 0, 0, 0 FROM viewed
), sums AS (
    SELECT space, event, SUM(may) OVER w AS most, SUM(must) OVER w AS least, SUM(digest) OVER w AS digest,
           SUM(busy) OVER w AS busy, SUM(blocks) OVER w AS blocks, SUM(blocks_digest) OVER w AS blocks_digest
    FROM changes WINDOW w AS (PARTITION BY space ORDER BY event)
), told AS (
    SELECT DISTINCT * FROM sums WHERE event IN (SELECT event FROM viewed)
)
SELECT v.event, t.least, t.most, IIF(t.least = t.most, t.digest, NULL),
       -- its own operation counts for nothing, where the view came before the return and all stores are in memory
       t.busy = IIF(MAX(o.end_event, w.done_event) > v.event AND w.done_event <= v.event AND w.first_event < v.event, 1, 0)
           AND (v.space, v.cycle) NOT IN (SELECT space, drain_cycle FROM late), t.blocks, t.blocks_digest
FROM viewed v JOIN told t ON t.event = v.event
LEFT JOIN operations o ON o.operation = v.operation LEFT JOIN operation_windows w ON w.operation = v.operation
ORDER BY v.event;
