-- No access succeeds that its translation's rights, or every mapping it could have seen, forbid.
-- What a stale translation allows is told by rule_stale_translation alone.
-- The right of an access is bit 3 * privilege + kind: user 0, kernel 1; load 0, store 1, fetch 2.
CREATE VIEW rule_forbidden_access AS
SELECT 'forbidden_access' AS rule, t.event, t.cycle, t.core, t.space, t.va,
       printf('a %s by the %s succeeded with a translation that forbids it (rights 0x%x)',
              (SELECT name FROM codes WHERE domain = 'access' AND code = t.access_kind),
              (SELECT name FROM codes WHERE domain = 'privilege' AND code = t.privilege),
              t.rights) AS explanation,
       NULL AS operation, t.walk, t.entry, NULL AS invalidation, NULL AS mapping
FROM translations t
WHERE t.fault = 0 AND IFNULL(t.space, 0) NOT IN (SELECT space FROM spaces WHERE stage2 IS NOT NULL) AND NOT (t.rights >> (3 * t.privilege + t.access_kind)) & 1
UNION ALL
SELECT 'forbidden_access', t.event, t.cycle, t.core, t.space, t.va,
       printf('a %s by the %s succeeded where operation %d mapped with rights 0x%x, which forbid it',
              (SELECT name FROM codes WHERE domain = 'access' AND code = t.access_kind),
              (SELECT name FROM codes WHERE domain = 'privilege' AND code = t.privilege),
              m.map_operation, m.rights),
       m.map_operation, t.walk, t.entry, NULL, m.mapping
FROM unexplained_uses u
JOIN translations t ON t.event = u.event AND u.source = 'translation'
JOIN mapping_windows m ON m.mapping = u.live
WHERE u.former IS NULL AND (t.rights >> (3 * t.privilege + t.access_kind)) & 1 AND m.rights IS NOT NULL
  AND NOT EXISTS (
        SELECT 1 FROM mapping_windows p
        WHERE (p.space = t.space OR (p.attributes & 16 AND p.vmid = t.vmid)) AND t.va BETWEEN p.va AND p.last_va
          AND p.may_from <= t.cycle AND IFNULL(p.may_until, 0x7fffffffffffffff) > +t.issue_cycle
          AND (p.rights >> (3 * t.privilege + t.access_kind)) & 1);
