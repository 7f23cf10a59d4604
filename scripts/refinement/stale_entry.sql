-- No entry is in a TLB, where it could be hit, when the window of its mapping's removal has ended (it may even have been
-- filled after that, from a second level that was stale), unless another mapping of the same page, size, frame,
-- rights and attributes has begun by then. A global mapping's entry may have been filled in
-- another space of its virtual machine. The first such moment is told. Where a lazy scheme is declared, an entry counts
-- only from when its core runs a space with its tags.
CREATE VIEW rule_stale_entry AS
SELECT 'stale_entry' AS rule, e.event, MIN(m.may_until) AS cycle, e.core, e.space, e.va,
       printf('the %s entry for 0x%x -> 0x%x stayed until cycle %d, %s operation %d ended its mapping in cycle %d',
              (SELECT name FROM codes WHERE domain = 'tlb' AND code = e.tlb), e.va, e.pa, e.end_cycle,
              CASE o.kind WHEN 1 THEN 'unmap' ELSE 'protect' END, o.operation, m.may_until) AS explanation,
       m.remove_operation AS operation, e.walk, e.entry, NULL AS invalidation, m.mapping
FROM doubtful_entries d
CROSS JOIN tlb_entries e ON e.event = d.event
CROSS JOIN mapping_windows m
  ON (m.space = e.space OR (m.attributes & 16 AND m.vmid = e.vmid)) AND m.va = d.page AND m.size_lg2 = d.size_lg2
 AND IFNULL(m.may_until, 0x7fffffffffffffff) < +e.end_cycle
CROSS JOIN operations o ON o.operation = m.remove_operation
WHERE m.pa = d.frame AND IFNULL(e.rights IN (m.rights, m.first_rights, m.upgraded_rights), 1) AND e.attributes IN (m.attributes, m.upgraded_attributes)
  AND NOT EXISTS (
        SELECT 1 FROM mapping_windows n
        WHERE n.space = e.space AND n.va = d.page AND n.size_lg2 = d.size_lg2
          AND IFNULL(n.may_until, 0x7fffffffffffffff) > +m.may_until AND n.may_from <= MAX(m.may_until, e.fill_cycle)
          AND n.pa = d.frame AND IFNULL(e.rights IN (n.rights, n.first_rights, n.upgraded_rights), 1) AND e.attributes IN (n.attributes, n.upgraded_attributes))
  AND NOT EXISTS (
        SELECT 1 FROM mapping_windows n
        WHERE n.attributes & 16 AND n.vmid = e.vmid AND n.va = d.page AND n.size_lg2 = d.size_lg2
          AND IFNULL(n.may_until, 0x7fffffffffffffff) > +m.may_until AND n.may_from <= MAX(m.may_until, e.fill_cycle)
          AND n.pa = d.frame AND IFNULL(e.rights IN (n.rights, n.first_rights, n.upgraded_rights), 1) AND e.attributes IN (n.attributes, n.upgraded_attributes))
  AND (e.attributes & 16 OR NOT EXISTS (SELECT 1 FROM lazy_scheme) OR (
        SELECT c.from_cycle FROM context_times c
        WHERE c.core = e.core AND c.asid = e.asid AND c.vmid = e.vmid
          AND c.until_cycle > MAX(m.may_until, e.fill_cycle)
        ORDER BY c.until_cycle LIMIT 1) < e.end_cycle)
GROUP BY e.event
UNION ALL
SELECT 'stale_entry', e.event, g.may_until, e.core, e.space, e.va,
       printf('the %s entry for 0x%x -> 0x%x stayed until cycle %d, %s operation %d of space %d ended a mapping that it was made of in cycle %d',
              (SELECT name FROM codes WHERE domain = 'tlb' AND code = e.tlb), e.va, e.pa, e.end_cycle,
              CASE o.kind WHEN 1 THEN 'unmap' ELSE 'protect' END, o.operation, o.space, g.may_until),
       m.remove_operation, e.walk, e.entry, NULL, m.mapping
FROM stale_guest_entries g
JOIN tlb_entries e ON e.event = g.event
JOIN mapping_windows m ON m.mapping = g.ended
JOIN operations o ON o.operation = m.remove_operation
WHERE e.attributes & 16 OR NOT EXISTS (SELECT 1 FROM lazy_scheme) OR (
        SELECT c.from_cycle FROM context_times c
        WHERE c.core = e.core AND c.asid = e.asid AND c.vmid = e.vmid AND c.until_cycle > MAX(g.may_until, e.fill_cycle)
        ORDER BY c.until_cycle LIMIT 1) < e.end_cycle;

-- Software that interrupts only the cores that run a space now: what others keep of it they drop when they come back.
CREATE VIEW lazy_scheme AS
SELECT 1 AS lazy
WHERE (SELECT value FROM configuration WHERE name = 'invalidation.scheme') = 'interrupt'
  AND (SELECT value FROM configuration WHERE name = 'shootdown.targets') = 'active';
