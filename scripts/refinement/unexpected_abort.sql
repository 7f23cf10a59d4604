-- No abort (an address-size fault, 4, or an external abort, 5) of an address that is mapped, whatever the mapping permits: a frame
-- lies in memory, and so do tables.
CREATE VIEW rule_unexpected_abort AS
SELECT 'unexpected_abort' AS rule, f.event, f.cycle, f.core, f.space, f.va,
       printf('a %s by the %s had a %s fault%s, though operation %d had mapped it since cycle %d',
              (SELECT name FROM codes WHERE domain = 'access' AND code = f.access_kind),
              (SELECT name FROM codes WHERE domain = 'privilege' AND code = f.privilege),
              (SELECT name FROM codes WHERE domain = 'fault' AND code = f.fault),
              IIF(f.ipa IS NULL, '', printf(' of stage 2 at 0x%x', f.ipa)), f.map_operation, f.must_from) AS explanation,
       f.map_operation AS operation, f.walk, f.entry, NULL AS invalidation, f.mapping
FROM permitted_faults f
WHERE f.fault IN (4, 5);
