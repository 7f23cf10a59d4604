-- A table's own check of its shape (for radix: a root; tables apart and of their size; entries to known tables of the
-- next level, never two to one; no empty table that was to be released) finds nothing, and hardware reads its entries as
-- it does. While another core is in the middle of an operation on it, so may the table be.
CREATE VIEW rule_table_invariant AS
SELECT 'table_invariant' AS rule, v.event, v.cycle, v.core, v.space, v.va,
       printf('%s the table is broken: %s',
              IIF(v.operation, printf('after operation %d', v.operation), 'when the run had ended'), v.reason) AS explanation,
       v.operation, NULL AS walk, NULL AS entry, NULL AS invalidation, NULL AS mapping
FROM table_views v JOIN view_windows w ON w.event = v.event
WHERE v.sound = 0 AND w.quiet;
