-- No fault of an access that is mapped and permitted from its issue to its end. For VMSAv8-64 a mapping holds from
-- the return of its operation, with its stores visible (DDI 0487, D8.13: invalid entries are not cached).
CREATE VIEW rule_spurious_fault AS
SELECT 'spurious_fault' AS rule, t.event, t.cycle, t.core, t.space, t.va,
       printf('a %s by the %s had a %s fault, though operation %d had mapped it, and permits it, since cycle %d',
              (SELECT name FROM codes WHERE domain = 'access' AND code = t.access_kind),
              (SELECT name FROM codes WHERE domain = 'privilege' AND code = t.privilege),
              (SELECT name FROM codes WHERE domain = 'fault' AND code = t.fault),
              m.map_operation, m.must_from) AS explanation,
       m.map_operation AS operation, t.walk, t.entry, NULL AS invalidation, m.mapping
FROM translations t
CROSS JOIN (SELECT DISTINCT size_lg2 FROM mapping_windows) sizes
JOIN mapping_windows m
  ON m.space = t.space AND m.va = t.va & ~((1 << sizes.size_lg2) - 1) AND m.size_lg2 = sizes.size_lg2
 AND IFNULL(m.may_until, 0x7fffffffffffffff) > +t.cycle
WHERE t.fault <> 0 AND m.must_from < t.issue_cycle AND IFNULL(m.must_until, 0x7fffffffffffffff) > t.cycle
  AND (m.rights >> (3 * t.privilege + t.access_kind)) & 1;
