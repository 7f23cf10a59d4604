-- After each operation the table stands for the abstract map: the mapping at the operation's address, how many there
-- are, and which. What operations of other cores do at the same time, or have not drained yet, may be seen or not.

CREATE VIEW rule_view_differs AS
SELECT 'view_differs' AS rule, v.event, v.cycle, v.core, v.space, v.va,
       printf('%s the table maps 0x%x -> 0x%x, 2^%d bytes, attributes 0x%x; the abstract map does not',
              IIF(v.operation, printf('after operation %d', v.operation), 'when the run had ended'), v.mapping_va, v.mapping_pa, v.mapping_size_lg2, v.mapping_attributes) AS explanation,
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
       printf('%s the table maps nothing here; the abstract map has 0x%x -> 0x%x since operation %d',
              IIF(v.operation, printf('after operation %d', v.operation), 'when the run had ended'), m.va, m.pa, m.map_operation),
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
       printf('%s the table has %d mappings; the abstract map has %s%s',
              IIF(v.operation, printf('after operation %d', v.operation), 'when the run had ended'), v.mappings,
              IIF(w.least = w.most, w.least, printf('%d to %d', w.least, w.most)),
              IIF(v.mappings BETWEEN w.least AND w.most, ', but some are others: another page, frame, size or attributes', '')),
       v.operation, NULL, NULL, NULL, NULL
FROM table_views v JOIN view_windows w ON w.event = v.event
WHERE w.quiet AND (v.mappings NOT BETWEEN w.least AND w.most OR v.digest <> w.digest);
