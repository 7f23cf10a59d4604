-- After each operation the table stands for the abstract map: the mapping at the operation's address, and how
-- many there are. What operations of other cores do at the same time, or have not drained yet, may be seen or not.
-- How many mappings each view may and must count: running sums over what begins and what is done.
CREATE VIEW view_counts AS
WITH changes AS (
    SELECT space, map_begin_event AS event, 1 AS may, 0 AS must FROM mapping_windows
    UNION ALL SELECT space, remove_done_event, -1, 0 FROM mapping_windows WHERE remove_done_event IS NOT NULL
    UNION ALL SELECT space, map_done_event, 0, 1 FROM mapping_windows WHERE map_done_event IS NOT NULL
    UNION ALL SELECT space, MAX(map_done_event, remove_begin_event), 0, -1 FROM mapping_windows
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
    SELECT 1 FROM mapping_turns t CROSS JOIN mapping_windows m ON m.mapping = t.mapping
    WHERE t.by_frame = 0 AND t.space = v.space AND t.base = v.mapping_va AND t.size_lg2 = v.mapping_size_lg2
      AND t.turn BETWEEN (SELECT a.turn FROM mapping_turns a
                         WHERE a.by_frame = 0 AND a.space = v.space AND a.base = v.mapping_va
                           AND a.size_lg2 = v.mapping_size_lg2 AND a.open_until_event > v.event
                         ORDER BY a.open_until_event, a.turn LIMIT 1)
                    AND (SELECT b.turn FROM mapping_turns b
                         WHERE b.by_frame = 0 AND b.space = v.space AND b.base = v.mapping_va
                           AND b.size_lg2 = v.mapping_size_lg2 AND b.begin_event < v.event
                         ORDER BY b.begin_event DESC LIMIT 1)
      AND v.va BETWEEN m.va AND m.last_va
      AND m.pa = v.mapping_pa AND m.attributes = v.mapping_attributes
      AND m.map_begin_event < v.event AND IFNULL(m.remove_done_event, 0x7fffffffffffffff) > v.event)
UNION ALL
SELECT 'view_differs', v.event, v.cycle, v.core, v.space, v.va,
       printf('after operation %d the table maps nothing here; the abstract map has 0x%x -> 0x%x since operation %d',
              v.operation, m.va, m.pa, m.map_operation),
       v.operation, NULL, NULL, NULL, m.mapping
FROM table_views v
CROSS JOIN (SELECT DISTINCT size_lg2 FROM mapping_windows) z
CROSS JOIN mapping_turns t
  ON t.by_frame = 0 AND t.space = v.space AND t.base = v.va & ~((1 << z.size_lg2) - 1) AND t.size_lg2 = z.size_lg2
 AND t.turn BETWEEN (SELECT a.turn FROM mapping_turns a
                     WHERE a.by_frame = 0 AND a.space = v.space AND a.base = v.va & ~((1 << z.size_lg2) - 1)
                       AND a.size_lg2 = z.size_lg2 AND a.open_until_event > v.event
                     ORDER BY a.open_until_event, a.turn LIMIT 1)
                AND (SELECT b.turn FROM mapping_turns b
                     WHERE b.by_frame = 0 AND b.space = v.space AND b.base = v.va & ~((1 << z.size_lg2) - 1)
                       AND b.size_lg2 = z.size_lg2 AND b.begin_event < v.event
                     ORDER BY b.begin_event DESC LIMIT 1)
CROSS JOIN mapping_windows m ON m.mapping = t.mapping
WHERE NOT v.mapped AND m.map_done_event <= v.event AND IFNULL(m.remove_begin_event, 0x7fffffffffffffff) > v.event
UNION ALL
SELECT 'view_differs', v.event, v.cycle, v.core, v.space, v.va,
       printf('after operation %d the table has %d mappings; the abstract map has %s', v.operation, v.mappings,
              IIF(c.least = c.most, c.least, printf('%d to %d', c.least, c.most))),
       v.operation, NULL, NULL, NULL, NULL
FROM view_counts c JOIN table_views v ON v.event = c.event
WHERE v.mappings NOT BETWEEN c.least AND c.most;
