-- Where hardware keeps the state of entries, a page that begins old or clean is used as accessed or dirty only after hardware has
-- changed its entry: an update that is visible before the walk ends, its own or another one (DDI 0487, D8.5.3, D8.5.4: the store
-- that makes a page dirty is seen after the entry; Intel SDM volume 3, 4.8; RISC-V Privileged, 4.3.1: the update precedes the
-- access in the global memory order). Rights beyond the first ones are those of a dirty entry. What is behind a second stage is
-- left alone.

-- When hardware first changed the entry of a mapping, and first made it dirty.
CREATE VIEW state_updates AS
SELECT m.mapping, MIN(w.visible_cycle) AS accessed_cycle,
       MIN(IIF(k.leaf_rights & ~m.first_rights, w.visible_cycle, NULL)) AS dirty_cycle
FROM entry_writes w
JOIN walks k ON k.walk = w.walk
CROSS JOIN (SELECT DISTINCT size_lg2 FROM mapping_windows) z
CROSS JOIN mapping_windows m
  ON m.space = k.space AND m.va = k.va & ~((1 << z.size_lg2) - 1) AND m.size_lg2 = z.size_lg2
 AND IFNULL(m.may_until, 0x7fffffffffffffff) >= +w.visible_cycle
WHERE w.walk IS NOT NULL AND k.fault = 0 AND m.may_from <= w.visible_cycle
GROUP BY m.mapping;

CREATE VIEW rule_lost_state AS
WITH updates AS MATERIALIZED (
    SELECT * FROM state_updates
), found AS (
    -- with each mapping that explains it: whether that needs a change of its entry, and has it
    SELECT k.event, k.cycle, k.core, k.space, k.va, k.walk, k.leaf_va, m.mapping, m.map_operation,
           (k.leaf_rights & ~m.first_rights) <> 0 AS dirty,
           CASE WHEN k.leaf_rights & ~m.first_rights THEN IFNULL(u.dirty_cycle <= k.cycle, 0)
                WHEN o.attributes & 128 AND k.filled THEN IFNULL(u.accessed_cycle <= k.cycle, 0)
                ELSE 1 END AS marked
    FROM walks k
    JOIN spaces s ON s.space = k.space
    CROSS JOIN mapping_windows m
      ON m.space = k.space AND m.va = k.leaf_va AND m.size_lg2 = k.leaf_size_lg2
     AND IFNULL(m.may_until, 0x7fffffffffffffff) >= IIF(k.filled, k.cycle, IFNULL(k.start_cycle, k.cycle))
    JOIN operations o ON o.operation = m.map_operation
    LEFT JOIN updates u ON u.mapping = m.mapping
    WHERE s.hardware_access AND s.stage2 IS NULL AND k.fault = 0 AND (k.filled OR k.waiters > 0)
      AND m.may_from <= k.cycle AND m.pa = k.leaf_pa AND k.leaf_rights IN (m.rights, m.first_rights, m.upgraded_rights)
)
SELECT 'lost_state' AS rule, event, cycle, core, space, va,
       printf('a walk found the page at 0x%x %s, but operation %d had it begin %s, and hardware had not changed its entry',
              leaf_va, IIF(dirty, 'dirty', 'accessed'), map_operation, IIF(dirty, 'clean', 'old')) AS explanation,
       map_operation AS operation, walk, NULL AS entry, NULL AS invalidation, MAX(mapping) AS mapping
FROM found
GROUP BY event
HAVING MAX(marked) = 0;
