-- No translation, TLB entry, walk or pending access outlives the end of the unmap or protect of its mapping.
CREATE VIEW rule_stale_translation AS
SELECT 'stale_translation' AS rule, u.event, u.used_until AS cycle, u.core, u.space, u.va,
       printf('%s uses the mapping 0x%x -> 0x%x in cycle %d, %s operation %d ended with it in cycle %d',
              CASE u.source WHEN 'translation' THEN 'an access' WHEN 'entry' THEN 'a TLB entry'
                            ELSE 'a walk' END,
              m.va, m.pa, u.used_until,
              CASE o.kind WHEN 1 THEN 'unmap' ELSE 'protect' END, o.operation, m.may_until) AS explanation,
       m.remove_operation AS operation, u.walk, u.entry, NULL AS invalidation, m.mapping
FROM unexplained_uses u
JOIN mapping_windows m ON m.mapping = u.former
JOIN operations o ON o.operation = m.remove_operation
-- An entry that moved to another level of a core that did not run its space could not be used.
WHERE NOT (u.source = 'entry' AND EXISTS (SELECT 1 FROM lazy_scheme) AND NOT EXISTS (
        SELECT 1 FROM tlb_entries e
        WHERE e.event = u.event AND (e.attributes & 16 OR (
                SELECT c.from_cycle FROM context_times c
                WHERE c.core = e.core AND c.asid = e.asid AND c.vmid = e.vmid AND c.until_cycle > MAX(m.may_until, e.fill_cycle)
                ORDER BY c.until_cycle LIMIT 1) < e.end_cycle)));
