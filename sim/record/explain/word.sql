-- What is known of the word at :pa around :cycle. `after` is 1 of what is only known from later on; a store that waits in a
-- store buffer is told with its value.
WITH RECURSIVE found (after, event, cycle) AS (
    -- The nearest reads by the order of events, and the cycle up to which values of nearer ones came: a word's values
    -- need not come in the order in which it was read. (Where to look is in `moment`: focus.sql.)
    SELECT * FROM (SELECT 0, event, grant_cycle - 1 FROM walk_steps
                   WHERE pa = :pa AND grant_cycle <= :cycle AND event < (SELECT come_event FROM moment)
                   ORDER BY event DESC LIMIT 1)
    UNION ALL
    SELECT * FROM (SELECT 1, event, grant_cycle + (1 << 22) FROM walk_steps
                   WHERE pa = :pa AND grant_cycle > :cycle AND event >= (SELECT after_event FROM moment)
                   ORDER BY event LIMIT 1)
), search (after, event, cycle, at, stride) AS (
    SELECT after, event, cycle, 0, 1 << 48 FROM found
    UNION ALL
    SELECT after, event, cycle, at + IIF((SELECT s.cycle FROM walk_steps s WHERE s.event >= at + stride ORDER BY s.event LIMIT 1)
                                             <= search.cycle, stride, 0), stride >> 1
    FROM search WHERE stride
), near AS MATERIALIZED (SELECT after, event, at FROM search WHERE NOT stride)
SELECT * FROM (
    SELECT 0 AS after, MAX(visible_cycle) AS cycle, new_value AS value,
           printf('written by %s in cycle %d', IIF(walk IS NULL, IFNULL('operation ' || operation, 'core ' || core), 'walk ' || walk), visible_cycle) AS source
    FROM entry_writes WHERE pa = :pa AND visible_cycle <= :cycle
    UNION ALL
    SELECT 0, MAX(s.grant_cycle), s.value, printf('read by walk %d in cycle %d', s.walk, s.grant_cycle)
    FROM near CROSS JOIN walk_steps s ON s.event > near.at AND s.event <= near.event
    WHERE NOT near.after AND +s.pa = :pa AND s.grant_cycle <= :cycle
    UNION ALL
    SELECT 1, MIN(visible_cycle), old_value,
           printf('%s found it in cycle %d', IIF(walk IS NULL, IFNULL('operation ' || operation, 'core ' || core), 'walk ' || walk), visible_cycle)
    FROM entry_writes WHERE pa = :pa AND visible_cycle > :cycle
    UNION ALL
    SELECT 1, MIN(s.grant_cycle), s.value, printf('walk %d read it in cycle %d', s.walk, s.grant_cycle)
    FROM near CROSS JOIN walk_steps s ON s.event >= near.event AND s.event <= near.at
    WHERE near.after AND +s.pa = :pa AND s.grant_cycle > :cycle
    UNION ALL
    SELECT 2, MAX(issue_cycle), new_value,
           printf('0x%x, stored by core %d in cycle %d, waits until cycle %d', new_value, core, issue_cycle, visible_cycle)
    FROM entry_writes WHERE pa = :pa AND issue_cycle <= :cycle AND visible_cycle > :cycle AND walk IS NULL
) WHERE cycle IS NOT NULL ORDER BY after, IIF(after, cycle, -cycle)
