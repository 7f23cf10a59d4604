-- What stood in the TLBs when several entries were found for one address: those of the arrays of that level which could
-- have matched. Fewer than two are no conflict.
CREATE VIEW conflict_entries AS
SELECT c.event, e.entry, e.tlb, e.core, e.space, e.va, e.pa, e.size_lg2, e.walk, e.fill_cycle, e.end_cycle
FROM conflicts c
JOIN arrays found ON found.tlb = c.tlb
JOIN arrays a ON a.level = found.level AND a.side = found.side
JOIN spaces s ON s.space = c.space
JOIN tlb_entries e ON e.tlb = a.tlb AND c.cycle BETWEEN e.fill_cycle AND e.end_cycle
 AND (a.shared OR e.core = c.core) AND c.va BETWEEN e.va AND e.va + (1 << e.size_lg2) - 1
 AND e.vmid = s.vmid AND (e.asid = s.asid OR e.attributes & 16);

-- No fault of an access that is mapped and permitted from its issue to its end. For VMSAv8-64 a mapping holds from
-- the return of its operation, with its stores visible (DDI 0487, D8.13: invalid entries are not cached).
-- A TLB conflict abort is spurious only where no two entries matched (DDI 0487, D8.17.2): else the one too many is told by
-- other rules, or is the software's own.
CREATE VIEW rule_spurious_fault AS
SELECT 'spurious_fault' AS rule, t.event, t.cycle, t.core, t.space, t.va,
       printf('a %s by the %s had a %s fault%s, though operation %d had mapped it, and permits it, since cycle %d',
              (SELECT name FROM codes WHERE domain = 'access' AND code = t.access_kind),
              (SELECT name FROM codes WHERE domain = 'privilege' AND code = t.privilege),
              (SELECT name FROM codes WHERE domain = 'fault' AND code = t.fault),
              IIF(t.fault = 6, ', where no two TLB entries matched', ''),
              m.map_operation, m.must_from) AS explanation,
       m.map_operation AS operation, t.walk, t.entry, NULL AS invalidation, m.mapping
FROM translations t
CROSS JOIN (SELECT DISTINCT size_lg2 FROM mapping_windows) sizes
JOIN mapping_windows m
  ON m.space = t.space AND m.va = t.va & ~((1 << sizes.size_lg2) - 1) AND m.size_lg2 = sizes.size_lg2
 AND IFNULL(m.may_until, 0x7fffffffffffffff) > +t.cycle
WHERE t.fault <> 0 AND m.must_from < t.issue_cycle AND IFNULL(m.must_until, 0x7fffffffffffffff) > t.cycle
  AND (m.rights >> (3 * t.privilege + t.access_kind)) & 1
  AND IFNULL(t.space, 0) NOT IN (SELECT space FROM spaces WHERE stage2 IS NOT NULL)
  AND NOT (t.fault = 6 AND EXISTS (
        SELECT 1 FROM conflicts c
        WHERE c.core = t.core AND c.space = t.space AND c.va >> 12 = t.va >> 12
          AND c.cycle BETWEEN t.issue_cycle AND t.cycle
          AND (SELECT COUNT(*) FROM conflict_entries e WHERE e.event = c.event) >= 2));
