-- Results as specified. Operations that overlap in time may have happened in either order: a result is wrong only
-- if no order explains it. A mapping is *sure* for an operation if its map had returned when the operation was
-- called and its removal was not called before the operation returned; it is *possible* if it may have been there.
-- Who was called before whom returned is known by the order of events: cycles do not tell it, since a core calls the next
-- operation in the cycle in which one has returned.
CREATE VIEW touched_mappings AS
WITH sizes AS MATERIALIZED (SELECT DISTINCT size_lg2 FROM mapping_windows)
-- the mapping that contains the address
SELECT o.operation, m.mapping, m.va = o.va AS base_here, 0 AS by_frame,
       o.found_va = m.va AND o.found_pa = m.pa AND o.found_size_lg2 = m.size_lg2
       AND o.found_attributes & 0x1f3f = m.attributes AS found,
       m.map_end_event < o.event AND (m.remove_operation IS NULL OR m.remove_operation = o.operation
                                      OR m.remove_begin_event > o.end_event) AS sure
FROM operations o
CROSS JOIN sizes z
CROSS JOIN mapping_turns t
  ON t.by_frame = 0 AND t.space = o.space AND t.base = o.va & ~((1 << z.size_lg2) - 1) AND t.size_lg2 = z.size_lg2
 AND t.turn BETWEEN (SELECT a.turn FROM mapping_turns a
                     WHERE a.by_frame = 0 AND a.space = o.space AND a.base = o.va & ~((1 << z.size_lg2) - 1)
                       AND a.size_lg2 = z.size_lg2 AND a.open_until_event > o.event
                     ORDER BY a.open_until_event, a.turn LIMIT 1)
                AND (SELECT b.turn FROM mapping_turns b
                     WHERE b.by_frame = 0 AND b.space = o.space AND b.base = o.va & ~((1 << z.size_lg2) - 1)
                       AND b.size_lg2 = z.size_lg2 AND b.begin_event < o.end_event
                     ORDER BY b.begin_event DESC LIMIT 1)
CROSS JOIN mapping_windows m ON m.mapping = t.mapping
WHERE m.map_operation <> o.operation AND m.map_begin_event < o.end_event
  AND IFNULL(m.remove_end_event, 0x7fffffffffffffff) > o.event
UNION ALL
-- those that begin in the range of a map
SELECT o.operation, m.mapping, 0, 0, 0,
       m.map_end_event < o.event AND (m.remove_operation IS NULL OR m.remove_begin_event > o.end_event)
FROM operations o
CROSS JOIN mapping_windows m ON m.space = o.space AND m.va > o.va AND m.va <= o.va + (1 << o.size_lg2) - 1
WHERE o.kind = 0 AND o.size_lg2 > (SELECT MIN(size_lg2) FROM sizes) AND m.map_operation <> o.operation
  AND m.map_begin_event < o.end_event AND IFNULL(m.remove_end_event, 0x7fffffffffffffff) > o.event
UNION ALL
-- those whose frame contains the frame of a map
SELECT o.operation, m.mapping, 0, 1, 0,
       m.map_end_event < o.event AND (m.remove_operation IS NULL OR m.remove_begin_event > o.end_event)
FROM operations o
CROSS JOIN sizes z
CROSS JOIN mapping_turns t
  ON t.by_frame = 1 AND t.space = o.space AND t.base = o.pa & ~((1 << z.size_lg2) - 1) AND t.size_lg2 = z.size_lg2
 AND t.turn BETWEEN (SELECT a.turn FROM mapping_turns a
                     WHERE a.by_frame = 1 AND a.space = o.space AND a.base = o.pa & ~((1 << z.size_lg2) - 1)
                       AND a.size_lg2 = z.size_lg2 AND a.open_until_event > o.event
                     ORDER BY a.open_until_event, a.turn LIMIT 1)
                AND (SELECT b.turn FROM mapping_turns b
                     WHERE b.by_frame = 1 AND b.space = o.space AND b.base = o.pa & ~((1 << z.size_lg2) - 1)
                       AND b.size_lg2 = z.size_lg2 AND b.begin_event < o.end_event
                     ORDER BY b.begin_event DESC LIMIT 1)
CROSS JOIN mapping_windows m ON m.mapping = t.mapping
WHERE o.kind = 0 AND m.map_operation <> o.operation AND m.map_begin_event < o.end_event
  AND IFNULL(m.remove_end_event, 0x7fffffffffffffff) > o.event
UNION ALL
-- those whose frame begins in the frame of a map
SELECT o.operation, m.mapping, 0, 1, 0,
       m.map_end_event < o.event AND (m.remove_operation IS NULL OR m.remove_begin_event > o.end_event)
FROM operations o
CROSS JOIN mapping_windows m ON m.space = o.space AND m.pa > o.pa AND m.pa <= o.pa + (1 << o.size_lg2) - 1
WHERE o.kind = 0 AND o.size_lg2 > (SELECT MIN(size_lg2) FROM sizes) AND m.map_operation <> o.operation
  AND m.map_begin_event < o.end_event AND IFNULL(m.remove_end_event, 0x7fffffffffffffff) > o.event;

-- Each operation with what is sure and possible where it acts. Only a map and a query reach into a mapping.
CREATE VIEW operation_facts AS
WITH touched AS MATERIALIZED (
    SELECT t.operation,
           MIN(IIF(NOT t.by_frame AND t.sure AND (t.base_here OR o.kind IN (0, 3)), t.mapping, NULL)) AS sure,
           MIN(IIF(NOT t.by_frame AND (t.base_here OR o.kind IN (0, 3)), t.mapping, NULL)) AS possible,
           MAX(t.found) AS found, MAX(t.by_frame) AS shared, MAX(t.by_frame AND t.sure) AS surely_shared,
           -- two maps at the same time, each of which may have been the first: but both mappings stayed when both had returned
           MIN(IIF(o.kind = 0 AND o.result = 0, (
               SELECT 1 + t.by_frame FROM mapping_windows m, mapping_windows own
               WHERE m.mapping = t.mapping AND own.map_operation = o.operation AND m.map_begin_event < o.event
                 AND m.must_from IS NOT NULL AND own.must_from IS NOT NULL
                 AND MIN(IFNULL(m.remove_begin_event, 0x7fffffffffffffff), IFNULL(own.remove_begin_event, 0x7fffffffffffffff))
                     > MAX(m.map_end_event, o.end_event)), NULL)) AS rival
    FROM touched_mappings t JOIN operations o ON o.operation = t.operation
    GROUP BY t.operation
)
SELECT o.*, s.frame_sizes, s.aliasing_allowed, s.stage2 IS NOT NULL AS guest,
       (SELECT CAST(value AS INTEGER) FROM configuration WHERE name = 'memory.size') AS memory_bytes,
       t.sure, t.possible, t.rival, IFNULL(t.found, 0) AS found, IFNULL(t.shared, 0) AS shared, IFNULL(t.surely_shared, 0) AS surely_shared
FROM operations o
LEFT JOIN touched t ON t.operation = o.operation
LEFT JOIN spaces s ON s.space = o.space;

-- Codes of results: 0 ok, 1 overlap, 2 not mapped, 6 corrupt, 7 unaligned, 8 bad size, 9 out of range,
-- 10 frame in use. No memory (3), unsupported attributes (4) and a failed environment (5) are always possible.
CREATE VIEW rule_operation_result AS
WITH results AS (
    SELECT f.*,
        CASE
        WHEN kind = 0 AND result = 0 AND sure IS NOT NULL
            THEN 'mapped, though something is mapped there'
        WHEN kind = 0 AND result = 0 AND frame_sizes >> size_lg2 & 1 = 0
            THEN 'mapped a frame of a size that the format does not have'
        WHEN kind = 0 AND result = 0 AND (va | pa) & ((1 << size_lg2) - 1)
            THEN 'mapped an unaligned page or frame'
        WHEN kind = 0 AND result = 0 AND NOT guest AND (pa < 0 OR pa + (1 << size_lg2) > memory_bytes)
            THEN 'mapped a frame beyond physical memory'
        WHEN kind = 0 AND result = 0 AND NOT aliasing_allowed AND surely_shared
            THEN 'mapped a frame that is in use, though aliasing is not allowed'
        WHEN rival = 1 OR (rival = 2 AND NOT aliasing_allowed)
            THEN 'mapped what another operation mapped at the same time, and both mappings stayed'
        WHEN kind = 0 AND result = 1 AND possible IS NULL
            THEN 'says overlap, where nothing is mapped'
        WHEN kind = 0 AND result = 2 THEN 'a map cannot fail with "not mapped"'
        WHEN kind = 0 AND result = 7 AND (va | pa) & ((1 << size_lg2) - 1) = 0
            THEN 'says unaligned, but page and frame are aligned'
        WHEN kind = 0 AND result = 8 AND frame_sizes >> size_lg2 & 1
            THEN 'says bad size, but the format has this size'
        WHEN kind = 0 AND result = 10 AND aliasing_allowed
            THEN 'says frame in use, though aliasing is allowed'
        WHEN kind = 0 AND result = 10 AND NOT shared
            THEN 'says frame in use, but no mapping has it'
        WHEN kind IN (1, 2) AND result = 0 AND possible IS NULL
            THEN 'succeeded, where no mapping begins'
        WHEN kind = 3 AND result = 0 AND NOT found
            THEN printf('found 0x%x -> 0x%x, 2^%d bytes, which is not mapped so', found_va, found_pa, found_size_lg2)
        WHEN kind IN (1, 2, 3) AND result IN (2, 7, 9) AND sure IS NOT NULL
            THEN 'failed, though it is mapped'
        WHEN kind IN (1, 2, 3) AND result IN (1, 8, 10) THEN 'has a result that only a map may have'
        WHEN result = 6 THEN 'the table says that it is corrupt'
        END AS wrong
    FROM operation_facts f
    WHERE result IS NOT NULL
)
SELECT 'operation_result' AS rule, end_event AS event, end_cycle AS cycle, core, space, va,
       printf('%s (operation %d) returned "%s": %s',
              (SELECT name FROM codes WHERE domain = 'operation' AND code = kind), operation,
              (SELECT name FROM codes WHERE domain = 'result' AND code = result), wrong) AS explanation,
       operation, NULL AS walk, NULL AS entry, NULL AS invalidation, IFNULL(sure, possible) AS mapping
FROM results
WHERE wrong IS NOT NULL;
