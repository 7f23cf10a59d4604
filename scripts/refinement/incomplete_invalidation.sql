-- An invalidation is complete when every core that it names has dropped its entries, settled its walks and accesses,
-- and answered; and a barrier that waits for it ends no earlier (DDI 0487, D8.14 "TLB maintenance": DSB).
CREATE VIEW rule_incomplete_invalidation AS
WITH answers AS (
    SELECT i.*, COUNT(a.event) AS answers, COUNT(DISTINCT a.target) AS answering,
           MAX(a.acknowledge_cycle) AS last_acknowledge, MAX(a.cycle) AS last_arrival
    FROM invalidations i LEFT JOIN acknowledgements a USING (invalidation)
    GROUP BY i.invalidation
), wrong AS (
    SELECT complete_event AS event, complete_cycle AS cycle, core, invalidation,
           printf('completed with the answers of %d cores of %d', answering, targets) AS why
    FROM answers WHERE complete_cycle IS NOT NULL AND answering < targets
    UNION ALL
    SELECT event, issue_cycle, core, invalidation, printf('has %d answers of %d cores, expected %d', answers,
           answering, targets)
    FROM answers WHERE answers > answering OR answering > targets
    UNION ALL
    SELECT complete_event, complete_cycle, core, invalidation,
           printf('completed in cycle %d, before its last answer left in cycle %d', complete_cycle, last_acknowledge)
    FROM answers WHERE complete_cycle < last_acknowledge
    UNION ALL
    SELECT a.event, a.cycle, a.target, a.invalidation,
           printf('core %d: issued %d, arrived %d, dropped %d, acknowledged %d: not in this order', a.target,
                  i.issue_cycle, a.arrive_cycle, a.drop_cycle, a.acknowledge_cycle)
    FROM acknowledgements a LEFT JOIN invalidations i USING (invalidation)
    WHERE a.arrive_cycle < i.issue_cycle OR a.drop_cycle < a.arrive_cycle OR a.acknowledge_cycle < a.drop_cycle
       OR a.acknowledge_cycle IS NULL OR a.drop_cycle IS NULL
    UNION ALL
    SELECT a.event, a.cycle, a.target, a.invalidation, 'answered, but never issued'
    FROM acknowledgements a WHERE NOT EXISTS (SELECT 1 FROM invalidations i WHERE i.invalidation = a.invalidation)
    UNION ALL
    SELECT a.event, a.cycle, a.target, a.invalidation,
           printf('is local to core %d, but core %d answered', i.core, a.target)
    FROM acknowledgements a JOIN invalidations i USING (invalidation)
    WHERE NOT i.broadcast AND i.list IS NULL AND a.target <> i.core
    UNION ALL
    -- the first barrier after it that has to wait for it: DSB ISH (0) for all, DSB NSH (1) for local ones; what other
    -- cores do on an interrupt is not local
    SELECT b.event, b.cycle, i.core, i.invalidation,
           printf('a barrier from cycle %d to %d did not wait for it (%s)', b.begin_cycle, b.cycle,
                  IFNULL('complete in cycle ' || i.complete_cycle, 'never complete'))
    FROM invalidations i
    JOIN barriers b ON b.event = (
        SELECT MIN(f.event) FROM barriers f
        WHERE f.event > i.event AND f.core = i.core AND f.begin_cycle >= i.issue_cycle
          AND f.kind <= 1 - (i.broadcast OR i.list IS NOT NULL))
    WHERE i.complete_cycle IS NULL OR i.complete_cycle > b.cycle
)
SELECT 'incomplete_invalidation' AS rule, w.event, w.cycle, w.core, s.space, i.va,
       printf('invalidation %d %s', w.invalidation, w.why) AS explanation,
       i.operation, NULL AS walk, NULL AS entry, w.invalidation, NULL AS mapping
FROM wrong w
LEFT JOIN invalidations i USING (invalidation)
LEFT JOIN operations s ON s.operation = i.operation;
