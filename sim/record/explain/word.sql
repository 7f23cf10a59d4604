-- What is known of the word at :pa around :cycle. `after` is 1 of what is only known from later on; a store that waits in a
-- store buffer is told with its value.
SELECT * FROM (
    SELECT 0 AS after, MAX(visible_cycle) AS cycle, new_value AS value,
           printf('written by %s in cycle %d', IIF(walk IS NULL, IFNULL('operation ' || operation, 'core ' || core), 'walk ' || walk), visible_cycle) AS source
    FROM entry_writes WHERE pa = :pa AND visible_cycle <= :cycle
    UNION ALL
    SELECT * FROM (SELECT 0, grant_cycle, value, printf('read by walk %d in cycle %d', walk, grant_cycle)
                   FROM walk_steps WHERE pa = :pa AND grant_cycle <= :cycle AND event < (SELECT come_event FROM moment)
                   ORDER BY event DESC LIMIT 1)
    UNION ALL
    SELECT 1, MIN(visible_cycle), old_value,
           printf('%s found it in cycle %d', IIF(walk IS NULL, IFNULL('operation ' || operation, 'core ' || core), 'walk ' || walk), visible_cycle)
    FROM entry_writes WHERE pa = :pa AND visible_cycle > :cycle
    UNION ALL
    SELECT * FROM (SELECT 1, grant_cycle, value, printf('walk %d read it in cycle %d', walk, grant_cycle)
                   FROM walk_steps WHERE pa = :pa AND grant_cycle > :cycle AND event >= (SELECT after_event FROM moment)
                   ORDER BY event LIMIT 1)
    UNION ALL
    SELECT 2, MAX(issue_cycle), new_value,
           printf('0x%x, stored by core %d in cycle %d, waits until cycle %d', new_value, core, issue_cycle, visible_cycle)
    FROM entry_writes WHERE pa = :pa AND issue_cycle <= :cycle AND visible_cycle > :cycle AND walk IS NULL
) WHERE cycle IS NOT NULL ORDER BY after, IIF(after, cycle, -cycle)
