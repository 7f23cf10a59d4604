-- Accesses with what their translation allowed them: its rights under the controls that their core had when they were
-- issued.
CREATE VIEW allowed_accesses AS
SELECT t.*, IIF(EXISTS (SELECT 1 FROM allowed_rights), IFNULL((
           SELECT a.allowed FROM allowed_rights a
           WHERE a.format = (SELECT s.format FROM spaces s WHERE s.space = t.space)
             AND a.attributes = t.attributes & 0x1f3f AND a.rights = t.rights
             AND (a.controls, a.key_rights) = (
                   SELECT k.controls, k.key_rights FROM control_times k
                   WHERE k.core = t.core AND k.from_cycle <= t.issue_cycle ORDER BY k.from_cycle DESC, k.rowid DESC LIMIT 1)),
           t.rights), t.rights) AS allowed
FROM translations t;

-- What a mapping allowed an access, in the same way. To be asked with both known.
CREATE VIEW mapping_permissions AS
SELECT t.event, m.mapping, IIF(EXISTS (SELECT 1 FROM allowed_rights), IFNULL((
           SELECT a.allowed FROM allowed_rights a
           WHERE a.format = (SELECT s.format FROM spaces s WHERE s.space = m.space)
             AND a.attributes = m.attributes AND a.rights = m.rights
             AND (a.controls, a.key_rights) = (
                   SELECT k.controls, k.key_rights FROM control_times k
                   WHERE k.core = t.core AND k.from_cycle <= t.issue_cycle ORDER BY k.from_cycle DESC, k.rowid DESC LIMIT 1)),
           m.rights), m.rights) AS allowed
FROM translations t CROSS JOIN mapping_windows m;

-- No access succeeds that its translation's rights, or every mapping it could have seen, forbid.
-- What a stale translation allows is told by rule_stale_translation alone, and what one with another frame allows by
-- rule_wrong_frame.
-- The right of an access is bit 3 * privilege + kind: user 0, kernel 1; load 0, store 1, fetch 2.
CREATE VIEW rule_forbidden_access AS
SELECT 'forbidden_access' AS rule, t.event, t.cycle, t.core, t.space, t.va,
       printf('a %s by the %s succeeded with a translation that forbids it (%s%s)',
              (SELECT name FROM codes WHERE domain = 'access' AND code = t.access_kind),
              (SELECT name FROM codes WHERE domain = 'privilege' AND code = t.privilege),
              (SELECT rights_text FROM rights_names n WHERE n.rights = t.allowed),
              IIF(t.allowed <> t.rights, ', as the core''s controls have it', '')) AS explanation,
       NULL AS operation, t.walk, t.entry, NULL AS invalidation, NULL AS mapping
FROM allowed_accesses t
WHERE t.fault = 0 AND NOT (t.allowed >> (3 * t.privilege + t.access_kind)) & 1
UNION ALL
SELECT 'forbidden_access', t.event, t.cycle, t.core, t.space, t.va,
       printf('a %s by the %s succeeded where operation %d mapped with rights which forbid it (%s)',
              (SELECT name FROM codes WHERE domain = 'access' AND code = t.access_kind),
              (SELECT name FROM codes WHERE domain = 'privilege' AND code = t.privilege),
              m.map_operation, (SELECT rights_text FROM rights_names n WHERE n.rights = m.rights)),
       m.map_operation, t.walk, t.entry, NULL, m.mapping
FROM unexplained_uses u
JOIN allowed_accesses t ON t.event = u.event AND u.source = 'translation'
JOIN mapping_windows m ON m.mapping = u.live
WHERE u.former IS NULL AND u.second IS NULL AND (t.allowed >> (3 * t.privilege + t.access_kind)) & 1 AND m.rights IS NOT NULL
  AND m.va = u.page AND m.pa = u.frame AND m.size_lg2 = u.size_lg2
  AND NOT EXISTS (
        SELECT 1 FROM mapping_windows p
        WHERE (p.space = t.space OR (p.attributes & 16 AND p.vmid = t.vmid)) AND t.va BETWEEN p.va AND p.last_va
          AND p.may_from <= t.cycle AND IFNULL(p.may_until, 0x7fffffffffffffff) > +t.issue_cycle
          AND ((SELECT x.allowed FROM mapping_permissions x WHERE x.event = t.event AND x.mapping = p.mapping)
               >> (3 * t.privilege + t.access_kind)) & 1)
UNION ALL
-- of two stages: where every pair forbids it
SELECT 'forbidden_access', t.event, t.cycle, t.core, t.space, t.va,
       printf('a %s by the %s succeeded where operation %d of the guest and operation %d of its second stage do not permit it together',
              (SELECT name FROM codes WHERE domain = 'access' AND code = t.access_kind),
              (SELECT name FROM codes WHERE domain = 'privilege' AND code = t.privilege),
              m.map_operation, (SELECT n.map_operation FROM mapping_windows n WHERE n.mapping = u.second)),
       m.map_operation, t.walk, t.entry, NULL, m.mapping
FROM unexplained_uses u
JOIN allowed_accesses t ON t.event = u.event AND u.source = 'translation'
JOIN mapping_windows m ON m.mapping = u.live
JOIN spaces s ON s.space = t.space
WHERE u.former IS NULL AND u.second IS NOT NULL AND (t.allowed >> (3 * t.privilege + t.access_kind)) & 1
  AND NOT EXISTS (
        SELECT 1 FROM guest_pairs p JOIN mapping_windows n ON n.mapping = p.second
        WHERE p.source = 'translation' AND p.event = t.event AND p.may_from <= t.cycle AND p.may_until > t.issue_cycle
          AND ((SELECT x.allowed FROM mapping_permissions x WHERE x.event = t.event AND x.mapping = p.first)
               >> (3 * t.privilege + t.access_kind)) & 1
          AND ((n.rights | IIF(s.spurious = 2, (n.rights & 36) >> 2, 0)) >> (3 * t.privilege + t.access_kind)) & 1);
