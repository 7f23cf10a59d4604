-- A translation has the frame, the size and the rights that its mapping says.
CREATE VIEW rule_wrong_frame AS
SELECT 'wrong_frame' AS rule, u.event, u.used_until AS cycle, u.core, u.space, u.va,
       printf('%s has page 0x%x -> 0x%x, 2^%d bytes, rights 0x%x%s; mapped is 0x%x -> 0x%x, 2^%d bytes, rights 0x%x%s',
              CASE u.source WHEN 'translation' THEN 'an access' WHEN 'entry' THEN 'a TLB entry'
                            ELSE 'a walk' END,
              u.page, u.frame, u.size_lg2, u.rights,
              IIF(u.attributes IS NULL, '', printf(', attributes 0x%x', u.attributes)), m.va, m.pa, m.size_lg2, m.rights,
              IIF(u.attributes IS NULL, '', printf(', attributes 0x%x', m.attributes)))
       || IIF(u.second IS NULL, '', printf('; and by its second stage 0x%x -> 0x%x, 2^%d bytes, rights 0x%x%s', n.va, n.pa, n.size_lg2, n.rights,
                        IIF(u.attributes IS NULL, '', printf(', attributes 0x%x', n.attributes)))) AS explanation,
       m.map_operation AS operation, u.walk, u.entry, NULL AS invalidation, m.mapping
FROM unexplained_uses u
JOIN mapping_windows m ON m.mapping = u.live
LEFT JOIN mapping_windows n ON n.mapping = u.second
WHERE u.former IS NULL;
