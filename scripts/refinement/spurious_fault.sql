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

-- Faults of accesses that a mapping permits from their issue to their end, under the controls that their core had then. A
-- mapping holds from the return of its operation, with its stores visible (DDI 0487, D8.13: invalid entries are not
-- cached).
CREATE VIEW permitted_faults AS
SELECT t.event, t.cycle, t.issue_cycle, t.core, t.space, t.va, t.access_kind, t.privilege, t.fault, t.walk, t.entry,
       m.mapping, m.va AS page, m.last_va, m.vmid, m.map_operation, m.must_from, m.drain_cycle
FROM translations t
CROSS JOIN (SELECT DISTINCT size_lg2 FROM mapping_windows) sizes
JOIN mapping_windows m
  ON m.space = t.space AND m.va = t.va & ~((1 << sizes.size_lg2) - 1) AND m.size_lg2 = sizes.size_lg2
 AND IFNULL(m.may_until, 0x7fffffffffffffff) > +t.cycle
WHERE t.fault <> 0 AND m.must_from < t.issue_cycle AND IFNULL(m.must_until, 0x7fffffffffffffff) > t.cycle
  AND ((SELECT x.allowed FROM mapping_permissions x WHERE x.event = t.event AND x.mapping = m.mapping)
       >> (3 * t.privilege + t.access_kind)) & 1
  AND IFNULL(t.space, 0) NOT IN (SELECT space FROM spaces WHERE stage2 IS NOT NULL);

-- Those that the format allows hardware. x86 (1): one for each address, and what was in flight with it, after a protect
-- added rights (Intel SDM volume 3, 4.10.4.3). RISC-V (2): until the core has carried out an invalidation of the address
-- after the entry was visible (Privileged, 4.2.1).
CREATE VIEW excused_faults AS
SELECT event
FROM (SELECT f.event, f.issue_cycle, MIN(f.cycle) OVER (PARTITION BY f.mapping, f.core ORDER BY f.event
                                                        ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS told
      FROM permitted_faults f JOIN spaces s ON s.space = f.space
      WHERE f.fault IN (1, 2, 3) AND s.spurious = 1
        AND (SELECT kind FROM operations o WHERE o.operation = f.map_operation) = 2)
WHERE IFNULL(told >= issue_cycle, 1)
UNION ALL
SELECT f.event
FROM permitted_faults f JOIN spaces s ON s.space = f.space
WHERE f.fault IN (1, 2, 3) AND s.spurious = 2
  AND NOT EXISTS (
        SELECT 1 FROM acknowledgements a JOIN invalidations i ON i.invalidation = a.invalidation
        WHERE a.target = f.core AND a.drop_cycle BETWEEN IFNULL(f.drain_cycle, 0) AND f.issue_cycle AND i.vmid = f.vmid
          AND CASE WHEN i.scope IN (0, 1, 4)
                   THEN (i.va BETWEEN f.page AND f.last_va OR f.va BETWEEN i.va AND i.va + IFNULL(i.size_bytes, 0) - 1)
                        AND (i.scope <> 0 OR i.asid = s.asid)
                   ELSE i.scope <> 2 OR i.asid = s.asid END);

-- No other fault of such an access. A TLB conflict abort is spurious only where no two entries matched (DDI 0487,
-- D8.17.2): else the one too many is told by other rules, or is the software's own.
CREATE VIEW rule_spurious_fault AS
SELECT 'spurious_fault' AS rule, f.event, f.cycle, f.core, f.space, f.va,
       printf('a %s by the %s had a %s fault%s, though operation %d had mapped it, and permits it, since cycle %d',
              (SELECT name FROM codes WHERE domain = 'access' AND code = f.access_kind),
              (SELECT name FROM codes WHERE domain = 'privilege' AND code = f.privilege),
              (SELECT name FROM codes WHERE domain = 'fault' AND code = f.fault),
              IIF(f.fault = 6, ', where no two TLB entries matched', ''),
              f.map_operation, f.must_from) AS explanation,
       f.map_operation AS operation, f.walk, f.entry, NULL AS invalidation, f.mapping
FROM permitted_faults f
WHERE NOT (f.fault = 6 AND EXISTS (
        SELECT 1 FROM conflicts c
        WHERE c.core = f.core AND c.space = f.space AND c.va >> 12 = f.va >> 12
          AND c.cycle BETWEEN f.issue_cycle AND f.cycle
          AND (SELECT COUNT(*) FROM conflict_entries e WHERE e.event = c.event) >= 2))
  AND NOT (EXISTS (SELECT 1 FROM spaces WHERE spurious <> 0) AND f.event IN (SELECT event FROM excused_faults));
