-- Both halves of an access that crosses pages succeed before either is performed. The halves of one attempt have one number and
-- overlap in time; a retry begins after the fault of the attempt before.
CREATE VIEW rule_torn_access AS
WITH halves AS MATERIALIZED (
    SELECT event, cycle, core, space, va, access, half, retry, fault, issue_cycle, performed_cycle, walk, entry
    FROM translations WHERE half > 0)
SELECT 'torn_access' AS rule, MAX(p.event, f.event) AS event, MAX(p.cycle, f.cycle) AS cycle, p.core, p.space, p.va,
       printf('the half at 0x%x of access %d was performed in cycle %d, but its other half at 0x%x had a fault', p.va, p.access,
              p.performed_cycle, f.va) AS explanation,
       NULL AS operation, p.walk, p.entry, NULL AS invalidation, NULL AS mapping
FROM halves p
JOIN halves f ON f.core = p.core AND f.access = p.access AND f.half = 3 - p.half AND f.retry = p.retry
WHERE p.fault = 0 AND p.performed_cycle IS NOT NULL AND f.fault <> 0
  AND p.issue_cycle <= f.cycle AND f.issue_cycle <= p.cycle;
