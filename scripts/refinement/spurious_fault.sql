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

-- Faults of accesses that a mapping permits from their issue to their end, under the controls that their core had then; and
-- aborts (4, of the address's size, and 5, where no memory answers), whatever the mapping permits. A
-- mapping holds from the return of its operation, with its stores visible (DDI 0487, D8.13: invalid entries are not
-- cached).
--
-- A fault of a second stage is judged by that stage's map, at the intermediate address that it names; where the page is there
-- and does not permit the access, it names none, and is about what the guest's own mapping translates to. An access to one of the
-- guest's tables (`on_table`) has to be allowed to read, to store where hardware may update an entry, and not refused for
-- being of device memory.
--
-- On x86 a core, and its walks, see its own stores in program order: what an operation of its own has mapped is there from the
-- return on, drained or not (Intel SDM volume 3, 4.10.4.3: after an entry became present software need do nothing).
CREATE VIEW own_stores_seen AS
SELECT 1 AS seen WHERE (SELECT value FROM configuration WHERE name = 'ordering') = 'x86';

CREATE VIEW permitted_faults AS
SELECT t.event, t.cycle, t.issue_cycle, t.core, t.space, t.va, t.access_kind, t.privilege, t.fault, t.walk, t.entry,
       m.mapping, m.va AS page, m.last_va, m.vmid, m.map_operation,
       IIF(m.must_from < t.issue_cycle, m.must_from,
           (SELECT o.end_cycle FROM operations o WHERE o.operation = m.map_operation)) AS must_from, m.drain_cycle,
       (SELECT s.spurious FROM spaces s WHERE s.space = m.space) AS spurious, NULL AS ipa
FROM translations t
CROSS JOIN (SELECT DISTINCT size_lg2 FROM mapping_windows) sizes
JOIN mapping_windows m
  ON m.space = t.space AND m.va = t.va & ~((1 << sizes.size_lg2) - 1) AND m.size_lg2 = sizes.size_lg2
 AND IFNULL(m.may_until, 0x7fffffffffffffff) > +t.cycle
WHERE t.fault <> 0
  AND (m.must_from < t.issue_cycle OR (EXISTS (SELECT 1 FROM own_stores_seen) AND EXISTS (
        SELECT 1 FROM operations o
        WHERE o.operation = m.map_operation AND o.core = t.core AND o.result = 0 AND o.end_cycle <= t.issue_cycle)))
  AND IFNULL(m.must_until, 0x7fffffffffffffff) > t.cycle
  AND (t.fault IN (4, 5) OR ((SELECT x.allowed FROM mapping_permissions x WHERE x.event = t.event AND x.mapping = m.mapping)
                             >> (3 * t.privilege + t.access_kind)) & 1)
  AND (t.fault_stage IS NOT 2 OR (SELECT s.stage2 FROM spaces s WHERE s.space = t.space) IS NULL)
UNION ALL
SELECT t.event, t.cycle, t.issue_cycle, t.core, t.space, t.va, t.access_kind, t.privilege, t.fault, t.walk, t.entry,
       m.mapping, m.va, m.last_va, m.vmid, m.map_operation, m.must_from, m.drain_cycle, s.spurious, t.ipa
FROM (
    SELECT f.*,
           IFNULL(f.fault_ipa, (
               SELECT o.pa + (f.va - o.va)
               FROM (SELECT DISTINCT size_lg2 FROM mapping_windows) z CROSS JOIN mapping_windows o
                 ON o.space = f.space AND o.va = f.va & ~((1 << z.size_lg2) - 1) AND o.size_lg2 = z.size_lg2
                AND IFNULL(o.may_until, 0x7fffffffffffffff) > +f.cycle
               WHERE (o.must_from < f.issue_cycle OR (EXISTS (SELECT 1 FROM own_stores_seen) AND EXISTS (
                       SELECT 1 FROM operations n
                       WHERE n.operation = o.map_operation AND n.core = f.core AND n.result = 0 AND n.end_cycle <= f.issue_cycle)))
                 AND IFNULL(o.must_until, 0x7fffffffffffffff) > f.cycle)) AS ipa,
           IFNULL((SELECT w.fault_on_table FROM walks w WHERE w.walk = f.walk AND w.fault_stage = 2), 0) AS on_table
    FROM translations f WHERE f.fault <> 0 AND f.fault_stage = 2) t
CROSS JOIN spaces g ON g.space = t.space
CROSS JOIN spaces s ON s.space = g.stage2
CROSS JOIN (SELECT DISTINCT size_lg2 FROM mapping_windows) sizes
CROSS JOIN mapping_windows m
  ON m.space = s.space AND m.va = t.ipa & ~((1 << sizes.size_lg2) - 1) AND m.size_lg2 = sizes.size_lg2
 AND IFNULL(m.may_until, 0x7fffffffffffffff) > +t.cycle
WHERE m.must_from < t.issue_cycle AND IFNULL(m.must_until, 0x7fffffffffffffff) > t.cycle
  AND (t.fault IN (4, 5) OR IIF(t.on_table, m.rights & 9 AND (m.rights & 18 OR NOT (g.hardware_access OR s.hardware_access)) AND NOT m.attributes & 32,
          (m.rights >> (3 * t.privilege + t.access_kind)) & 1));

-- Those that the format allows hardware. x86 (1): one for each address, and what was in flight with it, after a protect
-- added rights (Intel SDM volume 3, 4.10.4.3). RISC-V (2): until the core has carried out an invalidation of the address
-- after the entry was visible (Privileged, 4.2.1).
CREATE VIEW excused_faults AS
SELECT event
FROM (SELECT f.event, f.issue_cycle, MIN(f.cycle) OVER (PARTITION BY f.mapping, f.core ORDER BY f.event
                                                        ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS told
      FROM permitted_faults f
      WHERE f.fault IN (1, 2, 3) AND f.spurious = 1
        AND (SELECT kind FROM operations o WHERE o.operation = f.map_operation) = 2)
WHERE IFNULL(told >= issue_cycle, 1)
UNION ALL
SELECT f.event
FROM permitted_faults f JOIN spaces s ON s.space = f.space
WHERE f.fault IN (1, 2, 3) AND f.spurious = 2
  AND NOT EXISTS (
        SELECT 1 FROM acknowledgements a JOIN invalidations i ON i.invalidation = a.invalidation
        WHERE a.target = f.core AND a.drop_cycle BETWEEN IFNULL(f.drain_cycle, 0) AND f.issue_cycle AND i.vmid = f.vmid
          AND CASE WHEN f.ipa IS NOT NULL
                   THEN i.scope = 5 OR (i.scope = 4 AND (i.va BETWEEN f.page AND f.last_va
                                                         OR f.ipa BETWEEN i.va AND i.va + IFNULL(i.size_bytes, 0) - 1))
                   WHEN i.scope IN (0, 1)
                   THEN (i.va BETWEEN f.page AND f.last_va OR f.va BETWEEN i.va AND i.va + IFNULL(i.size_bytes, 0) - 1)
                        AND (i.scope <> 0 OR i.asid = s.asid)
                   WHEN i.scope = 2 THEN i.asid = s.asid
                   ELSE i.scope <> 4 END);

-- No other fault of such an access. A TLB conflict abort is spurious only where no two entries matched (DDI 0487,
-- D8.17.2): else the one too many is told by other rules, or is the software's own.
CREATE VIEW rule_spurious_fault AS
SELECT 'spurious_fault' AS rule, f.event, f.cycle, f.core, f.space, f.va,
       printf('a %s by the %s had a %s fault%s%s, though operation %d had mapped it, and permits it, since cycle %d',
              (SELECT name FROM codes WHERE domain = 'access' AND code = f.access_kind),
              (SELECT name FROM codes WHERE domain = 'privilege' AND code = f.privilege),
              (SELECT name FROM codes WHERE domain = 'fault' AND code = f.fault),
              IIF(f.ipa IS NULL, '', printf(' of stage 2 at 0x%x', f.ipa)), IIF(f.fault = 6, ', where no two TLB entries matched', ''),
              f.map_operation, f.must_from) AS explanation,
       f.map_operation AS operation, f.walk, f.entry, NULL AS invalidation, f.mapping
FROM permitted_faults f
WHERE f.fault NOT IN (4, 5) AND NOT (f.fault = 6 AND EXISTS (
        SELECT 1 FROM conflicts c
        WHERE c.core = f.core AND c.space = f.space AND c.va >> 12 = f.va >> 12
          AND c.cycle BETWEEN f.issue_cycle AND f.cycle
          AND (SELECT COUNT(*) FROM conflict_entries e WHERE e.event = c.event) >= 2))
  AND NOT (EXISTS (SELECT 1 FROM spaces WHERE spurious <> 0) AND f.event IN (SELECT event FROM excused_faults));
