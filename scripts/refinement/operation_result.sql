-- Results as specified. Operations that overlap in time may have happened in either order: a result is wrong only
-- if no order explains it. A mapping is *sure* for an operation if its map had returned when the operation was
-- called and its removal was not called before the operation returned; it is *possible* if it may have been there.
CREATE VIEW operation_facts AS
SELECT o.operation, o.event, o.end_event, o.end_cycle, o.core, o.space, o.kind, o.va, o.pa, o.size_lg2,
       o.attributes, o.result, o.found_va, o.found_pa, o.found_size_lg2, o.found_attributes,
       s.frame_sizes, s.aliasing_allowed, s.va_bits,
       (SELECT MIN(m.mapping) FROM sure_mappings m
        WHERE m.operation = o.operation AND (m.base_here OR o.kind IN (0, 3))) AS sure,
       (SELECT MIN(m.mapping) FROM possible_mappings m
        WHERE m.operation = o.operation AND (m.base_here OR o.kind IN (0, 3))) AS possible,
       EXISTS (SELECT 1 FROM possible_mappings m
               WHERE m.operation = o.operation AND o.found_va = m.va AND o.found_pa = m.pa
                 AND o.found_size_lg2 = m.size_lg2 AND o.found_attributes & 62 = m.attributes & 62) AS found
FROM operations o LEFT JOIN spaces s USING (space);

-- Mappings in the pages that an operation speaks of: those that contain its address, or begin in its range.
CREATE VIEW touched_mappings AS
SELECT o.operation, o.event AS operation_event, o.end_event AS operation_end_event, m.va = o.va AS base_here, m.*
FROM operations o
CROSS JOIN (SELECT DISTINCT size_lg2 FROM mapping_windows) sizes
JOIN mapping_windows m
  ON m.space = o.space AND m.va = o.va & ~((1 << sizes.size_lg2) - 1) AND m.size_lg2 = sizes.size_lg2
WHERE m.map_operation <> o.operation
UNION ALL
SELECT o.operation, o.event, o.end_event, 0, m.*
FROM operations o
JOIN mapping_windows m ON m.space = o.space AND m.va > o.va AND m.va <= o.va + (1 << o.size_lg2) - 1
WHERE o.kind = 0 AND m.map_operation <> o.operation;

CREATE VIEW sure_mappings AS
SELECT * FROM touched_mappings
WHERE map_end_event < operation_event
  AND (remove_operation IS NULL OR remove_operation = operation OR remove_begin_event > operation_end_event);

CREATE VIEW possible_mappings AS
SELECT * FROM touched_mappings
WHERE map_begin_event < operation_end_event AND IFNULL(remove_end_event, 0x7fffffffffffffff) > operation_event;

-- Mappings whose frame overlaps the frame of a map.
CREATE VIEW frame_sharers AS
SELECT o.operation, m.mapping,
       m.map_end_event < o.event
       AND (m.remove_operation IS NULL OR m.remove_begin_event > o.end_event) AS sure
FROM operations o
CROSS JOIN (SELECT DISTINCT size_lg2 FROM mapping_windows) sizes
JOIN mapping_windows m
  ON m.space = o.space AND m.pa = o.pa & ~((1 << sizes.size_lg2) - 1) AND m.size_lg2 = sizes.size_lg2
WHERE o.kind = 0 AND m.map_operation <> o.operation
  AND m.map_begin_event < o.end_event AND IFNULL(m.remove_end_event, 0x7fffffffffffffff) > o.event
UNION ALL
SELECT o.operation, m.mapping,
       m.map_end_event < o.event
       AND (m.remove_operation IS NULL OR m.remove_begin_event > o.end_event)
FROM operations o
JOIN mapping_windows m ON m.space = o.space AND m.pa > o.pa AND m.pa <= o.pa + (1 << o.size_lg2) - 1
WHERE o.kind = 0 AND m.map_operation <> o.operation
  AND m.map_begin_event < o.end_event AND IFNULL(m.remove_end_event, 0x7fffffffffffffff) > o.event;

-- Codes of results: 0 ok, 1 overlap, 2 not mapped, 6 corrupt, 7 unaligned, 8 bad size, 9 out of range,
-- 10 frame in use. No memory (3), unsupported attributes (4) and a failed environment (5) are always possible.
CREATE VIEW rule_operation_result AS
WITH judged AS (
    SELECT f.*,
        CASE
        WHEN kind = 0 AND result = 0 AND sure IS NOT NULL
            THEN 'mapped, though something is mapped there'
        WHEN kind = 0 AND result = 0 AND frame_sizes >> size_lg2 & 1 = 0
            THEN 'mapped a frame of a size that the format does not have'
        WHEN kind = 0 AND result = 0 AND (va | pa) & ((1 << size_lg2) - 1)
            THEN 'mapped an unaligned page or frame'
        WHEN kind = 0 AND result = 0 AND NOT aliasing_allowed
             AND EXISTS (SELECT 1 FROM frame_sharers s WHERE s.operation = f.operation AND s.sure)
            THEN 'mapped a frame that is in use, though aliasing is not allowed'
        WHEN kind = 0 AND result = 1 AND possible IS NULL THEN 'says overlap, where nothing is mapped'
        WHEN kind = 0 AND result = 2 THEN 'a map cannot fail with "not mapped"'
        WHEN kind = 0 AND result = 7 AND (va | pa) & ((1 << size_lg2) - 1) = 0
            THEN 'says unaligned, but page and frame are aligned'
        WHEN kind = 0 AND result = 8 AND frame_sizes >> size_lg2 & 1
            THEN 'says bad size, but the format has this size'
        WHEN kind = 0 AND result = 10 AND aliasing_allowed
            THEN 'says frame in use, though aliasing is allowed'
        WHEN kind = 0 AND result = 10
             AND NOT EXISTS (SELECT 1 FROM frame_sharers s WHERE s.operation = f.operation)
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
FROM judged
WHERE wrong IS NOT NULL;
