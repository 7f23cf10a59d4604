-- No translation to what was never mapped: no mapping holds the address, and none with this frame did before.
CREATE VIEW rule_never_mapped AS
SELECT 'never_mapped' AS rule, u.event, u.used_until AS cycle, u.core, u.space, u.va,
       printf('%s translates 0x%x to 0x%x, where nothing is mapped',
              CASE u.source WHEN 'translation' THEN 'an access' WHEN 'entry' THEN 'a TLB entry'
                            ELSE 'a walk' END,
              u.va, u.frame + (u.va & ((1 << u.size_lg2) - 1))) AS explanation,
       NULL AS operation, u.walk, u.entry, NULL AS invalidation, NULL AS mapping
FROM unexplained_uses u
WHERE u.former IS NULL AND u.live IS NULL;
