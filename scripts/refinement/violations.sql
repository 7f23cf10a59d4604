-- All rules together: what the record says against the run.
CREATE VIEW violations AS
SELECT * FROM rule_stale_translation
UNION ALL SELECT * FROM rule_stale_entry
UNION ALL SELECT * FROM rule_never_mapped
UNION ALL SELECT * FROM rule_wrong_frame
UNION ALL SELECT * FROM rule_forbidden_access
UNION ALL SELECT * FROM rule_spurious_fault
UNION ALL SELECT * FROM rule_unexpected_abort
UNION ALL SELECT * FROM rule_torn_access
UNION ALL SELECT * FROM rule_operation_result
UNION ALL SELECT * FROM rule_view_differs
UNION ALL SELECT * FROM rule_table_invariant
UNION ALL SELECT * FROM rule_lost_state
UNION ALL SELECT * FROM rule_lost_table
UNION ALL SELECT * FROM rule_load_value
UNION ALL SELECT * FROM rule_incomplete_invalidation
UNION ALL SELECT * FROM protocol_breaks
UNION ALL SELECT * FROM rule_counters_add_up;

-- Which rules this record can judge, and why not (or not wholly).
CREATE VIEW judged AS
WITH facts AS (
    SELECT level, (SELECT COUNT(*) FROM mapping_windows WHERE rights IS NULL) AS unknown_rights,
           (SELECT COUNT(*) FROM table_views) AS views,
           (SELECT COUNT(sound) FROM table_views) AS shapes,
           (SELECT COUNT(blocks) FROM table_views) AS reached,
           (SELECT COUNT(DISTINCT region) FROM counters) >= MAX(1, (SELECT COUNT(*) FROM regions)) AS counted
    FROM runs
), partly AS (
    SELECT 'recorded at level misses: first-level hits are judged by the lifetimes of their TLB entries' AS text
), rules (rule, judged, why) AS (
    SELECT 'stale_translation', level >= 1, IIF(level = 1, (SELECT text FROM partly), NULL) FROM facts
    UNION ALL SELECT 'stale_entry', level >= 1, NULL FROM facts
    UNION ALL SELECT 'never_mapped', level >= 1, IIF(level = 1, (SELECT text FROM partly), NULL) FROM facts
    UNION ALL SELECT 'wrong_frame', level >= 1,
                     IIF(unknown_rights, 'the record lacks the rights of some mappings',
                         IIF(level = 1, (SELECT text FROM partly), NULL)) FROM facts
    UNION ALL SELECT 'forbidden_access', level >= 1,
                     IIF(level = 1, 'recorded at level misses: accesses that hit the first level are not judged',
                         NULL) FROM facts
    UNION ALL SELECT 'spurious_fault', level >= 1, NULL FROM facts
    UNION ALL SELECT 'unexpected_abort', level >= 1, NULL FROM facts
    UNION ALL SELECT 'torn_access', level >= 1,
                     IIF(level = 1, 'recorded at level misses: accesses that hit the first level are not judged',
                         NULL) FROM facts
    UNION ALL SELECT 'operation_result', level >= 1, NULL FROM facts
    UNION ALL SELECT 'view_differs', level >= 1 AND views > 0, IIF(views, NULL, 'no view of a table was recorded')
              FROM facts
    UNION ALL SELECT 'table_invariant', level >= 1 AND shapes > 0,
                     IIF(shapes, NULL, 'no check of a table of itself was recorded') FROM facts
    UNION ALL SELECT 'lost_state', level >= 1, NULL FROM facts
    UNION ALL SELECT 'lost_table', level >= 1 AND reached > 0,
                     IIF(reached, NULL, 'no table told which memory it reaches') FROM facts
    UNION ALL SELECT 'load_value', level >= 2, IIF(level < 2, 'needs recording level all', NULL) FROM facts
    UNION ALL SELECT 'incomplete_invalidation', level >= 1, NULL FROM facts
    UNION ALL SELECT p.column1, level >= 1, NULL
              FROM facts, (VALUES ('changed_without_break'), ('made_before_clean'), ('write_below_unclean'), ('table_twice')) p
    UNION ALL SELECT 'counters_add_up', counted,
                     CASE WHEN NOT counted THEN 'a region has no counters'
                          WHEN level = 0 THEN 'recorded at level counters: only among themselves'
                          WHEN level = 1 THEN 'recorded at level misses: look-ups and hits only among themselves'
                     END FROM facts
)
SELECT rule, judged, IIF(level = 0 AND NOT judged AND rule <> 'counters_add_up',
                         'recorded at level counters: needs level misses or all', why) AS why
FROM rules, facts;
