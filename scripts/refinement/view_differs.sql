-- After each operation the table stands for the abstract map: the mapping at the operation's address, and how
-- many there are. What operations of other cores do at the same time, or have not drained yet, may be seen or not.
CREATE VIEW mapping_changes AS
SELECT m.*, a.done_event AS map_done_event, r.done_event AS remove_done_event
FROM mapping_windows m
JOIN operation_windows a ON a.operation = m.map_operation
LEFT JOIN operation_windows r ON r.operation = m.remove_operation;

-- How many mappings each view may and must count: running sums over what begins and what is done.
CREATE VIEW view_counts AS
WITH changes AS (
    SELECT space, map_begin_event AS event, 1 AS may, 0 AS must FROM mapping_changes
    UNION ALL SELECT space, remove_done_event, -1, 0 FROM mapping_changes WHERE remove_done_event IS NOT NULL
    UNION ALL SELECT space, map_done_event, 0, 1 FROM mapping_changes WHERE map_done_event IS NOT NULL
    UNION ALL SELECT space, MAX(map_done_event, remove_begin_event), 0, -1 FROM mapping_changes
              WHERE MAX(map_done_event, remove_begin_event) IS NOT NULL
    UNION ALL SELECT space, event, 0, 0 FROM table_views
), sums AS (
    SELECT space, event, SUM(may) OVER w AS most, SUM(must) OVER w AS least
    FROM changes WINDOW w AS (PARTITION BY space ORDER BY event)
)
SELECT DISTINCT event, most, least FROM sums;

CREATE VIEW rule_view_differs AS
SELECT 'view_differs' AS rule, v.event, v.cycle, v.core, v.space, v.va,
       printf('after operation %d the table maps 0x%x -> 0x%x, 2^%d bytes, attributes 0x%x; the abstract map does not',
              v.operation, v.mapping_va, v.mapping_pa, v.mapping_size_lg2, v.mapping_attributes) AS explanation,
       v.operation, NULL AS walk, NULL AS entry, NULL AS invalidation, NULL AS mapping
FROM table_views v
WHERE v.mapped AND NOT EXISTS (
    SELECT 1 FROM mapping_changes m
    WHERE m.space = v.space AND m.va = v.mapping_va AND m.size_lg2 = v.mapping_size_lg2
      AND v.va BETWEEN m.va AND m.last_va
      AND m.pa = v.mapping_pa AND m.attributes & 62 = v.mapping_attributes & 62
      AND m.map_begin_event < v.event AND IFNULL(m.remove_done_event, 0x7fffffffffffffff) > v.event)
UNION ALL
SELECT 'view_differs', v.event, v.cycle, v.core, v.space, v.va,
       printf('after operation %d the table maps nothing here; the abstract map has 0x%x -> 0x%x since operation %d',
              v.operation, m.va, m.pa, m.map_operation),
       v.operation, NULL, NULL, NULL, m.mapping
FROM table_views v
CROSS JOIN (SELECT DISTINCT size_lg2 FROM mapping_windows) sizes
JOIN mapping_changes m
  ON m.space = v.space AND m.va = v.va & ~((1 << sizes.size_lg2) - 1) AND m.size_lg2 = sizes.size_lg2
WHERE NOT v.mapped AND m.map_done_event <= v.event AND IFNULL(m.remove_begin_event, 0x7fffffffffffffff) > v.event
UNION ALL
SELECT 'view_differs', v.event, v.cycle, v.core, v.space, v.va,
       printf('after operation %d the table has %d mappings; the abstract map has %s', v.operation, v.mappings,
              IIF(c.least = c.most, c.least, printf('%d to %d', c.least, c.most))),
       v.operation, NULL, NULL, NULL, NULL
FROM table_views v JOIN view_counts c ON c.event = v.event
WHERE v.mappings NOT BETWEEN c.least AND c.most;
