-- The arithmetic of the counters among themselves, and against the rows they count. Regions are summed, since an
-- access may be issued in one and end in the next. SCHEMA.md says what each counter counts.
CREATE VIEW counter_totals AS
SELECT name, core, SUM(value) AS value FROM counters
WHERE (SELECT COUNT(DISTINCT region) FROM counters) >= (SELECT COUNT(*) FROM regions)
GROUP BY name, core;

-- What rows say, by core; `level`: the least recording level that has all of them (1 misses, 2 all).
CREATE VIEW counter_rows AS
WITH counted (name, level, core, value) AS (
    SELECT IIF(access_kind = 2, 'l1i.lookups', 'l1d.lookups'), 2, core, 1 FROM translations
    UNION ALL SELECT IIF(access_kind = 2, 'l1i.hits', 'l1d.hits'), 2, core, 1 FROM translations WHERE outcome = 0
    UNION ALL SELECT IIF(access_kind = 2, 'l1i.misses', 'l1d.misses'), 1, core, 1 FROM translations
              WHERE outcome <> 0
    UNION ALL SELECT 'l2.lookups', 1, core, 1 FROM translations WHERE outcome IN (1, 2, 4)
    UNION ALL SELECT 'l2.hits', 1, core, 1 FROM translations WHERE outcome = 1
    UNION ALL SELECT 'l2.misses', 1, core, 1 FROM translations WHERE outcome IN (2, 4)
    UNION ALL SELECT CASE outcome WHEN 1 THEN 'misses.l2_hits' WHEN 2 THEN 'misses.walks'
                     WHEN 3 THEN 'misses.merged' ELSE 'misses.no_walk' END, 1, core, 1
              FROM translations WHERE outcome <> 0
    UNION ALL SELECT 'accesses.translations', 2, core, 1 FROM translations
    UNION ALL SELECT CASE access_kind WHEN 0 THEN 'accesses.loads' WHEN 1 THEN 'accesses.stores'
                     ELSE 'accesses.fetches' END, 2, core, 1 FROM translations
    UNION ALL SELECT 'accesses.faulted', 1, core, 1 FROM translations WHERE fault <> 0
    UNION ALL SELECT 'accesses.retries', 2, core, 1 FROM translations WHERE retry
    UNION ALL SELECT 'walker.walks', 1, core, 1 FROM walks
    UNION ALL SELECT 'walker.cycles', 1, core, cycle - request_cycle FROM walks
    UNION ALL SELECT 'walker.faults', 1, core, 1 FROM walks WHERE fault <> 0
    UNION ALL SELECT 'walker.steps', 1, core, 1 FROM walk_steps
    UNION ALL SELECT 'invalidations.issued', 1, core, 1 FROM invalidations
    UNION ALL SELECT 'invalidations.completed', 1, core, 1 FROM invalidations WHERE complete_cycle IS NOT NULL
    UNION ALL SELECT 'invalidations.cycles', 1, core, complete_cycle - issue_cycle FROM invalidations
              WHERE complete_cycle IS NOT NULL
    UNION ALL SELECT 'invalidations.received', 1, target, 1 FROM acknowledgements
    UNION ALL SELECT 'invalidations.entries_dropped', 1, target, entries_dropped FROM acknowledgements
    UNION ALL SELECT 'programs.barriers', 1, core, 1 FROM barriers
    UNION ALL SELECT 'programs.barrier_cycles', 1, core, cycle - begin_cycle FROM barriers
    UNION ALL SELECT 'programs.switches', 1, core, 1 FROM contexts
    UNION ALL SELECT 'programs.faults', 1, core, 1 FROM faults
    UNION ALL SELECT 'operations.' || (SELECT name FROM codes WHERE domain = 'operation' AND code = kind), 1, core,
              1 FROM operations
), by_core AS (
    SELECT name, level, core, SUM(value) AS value FROM counted GROUP BY name, level, core
)
SELECT name, level, core, value FROM by_core
UNION ALL
SELECT name, level, NULL, SUM(value) FROM by_core GROUP BY name, level;

-- Names that rows are compared with: a counter of these without any row should be 0.
CREATE VIEW counter_names AS
WITH names (name, level) AS (VALUES
    ('l1i.lookups', 2), ('l1d.lookups', 2), ('l1i.hits', 2), ('l1d.hits', 2), ('l1i.misses', 1), ('l1d.misses', 1),
    ('l2.lookups', 1), ('l2.hits', 1), ('l2.misses', 1), ('misses.l2_hits', 1), ('misses.walks', 1),
    ('misses.merged', 1), ('misses.no_walk', 1), ('accesses.translations', 2), ('accesses.loads', 2),
    ('accesses.stores', 2), ('accesses.fetches', 2), ('accesses.faulted', 1), ('accesses.retries', 2),
    ('walker.walks', 1), ('walker.cycles', 1), ('walker.faults', 1), ('walker.steps', 1),
    ('invalidations.issued', 1), ('invalidations.completed', 1), ('invalidations.cycles', 1),
    ('invalidations.received', 1), ('invalidations.entries_dropped', 1), ('programs.barriers', 1),
    ('programs.barrier_cycles', 1), ('programs.switches', 1), ('programs.faults', 1), ('operations.map', 1),
    ('operations.unmap', 1), ('operations.protect', 1), ('operations.query', 1))
SELECT * FROM names;

-- Sums among counters, each of which is 0 for every core.
CREATE VIEW counter_sums AS
WITH terms (equation, name, sign) AS (VALUES
    ('l1i.lookups = l1i.hits + l1i.misses', 'l1i.lookups', 1),
    ('l1i.lookups = l1i.hits + l1i.misses', 'l1i.hits', -1),
    ('l1i.lookups = l1i.hits + l1i.misses', 'l1i.misses', -1),
    ('l1d.lookups = l1d.hits + l1d.misses', 'l1d.lookups', 1),
    ('l1d.lookups = l1d.hits + l1d.misses', 'l1d.hits', -1),
    ('l1d.lookups = l1d.hits + l1d.misses', 'l1d.misses', -1),
    ('l2.lookups = l2.hits + l2.misses', 'l2.lookups', 1),
    ('l2.lookups = l2.hits + l2.misses', 'l2.hits', -1),
    ('l2.lookups = l2.hits + l2.misses', 'l2.misses', -1),
    ('l2.hits = misses.l2_hits', 'l2.hits', 1),
    ('l2.hits = misses.l2_hits', 'misses.l2_hits', -1),
    ('l2.misses = misses.walks + misses.no_walk', 'l2.misses', 1),
    ('l2.misses = misses.walks + misses.no_walk', 'misses.walks', -1),
    ('l2.misses = misses.walks + misses.no_walk', 'misses.no_walk', -1),
    ('l1i.misses + l1d.misses = misses.merged + .l2_hits + .walks + .no_walk', 'l1i.misses', 1),
    ('l1i.misses + l1d.misses = misses.merged + .l2_hits + .walks + .no_walk', 'l1d.misses', 1),
    ('l1i.misses + l1d.misses = misses.merged + .l2_hits + .walks + .no_walk', 'misses.merged', -1),
    ('l1i.misses + l1d.misses = misses.merged + .l2_hits + .walks + .no_walk', 'misses.l2_hits', -1),
    ('l1i.misses + l1d.misses = misses.merged + .l2_hits + .walks + .no_walk', 'misses.walks', -1),
    ('l1i.misses + l1d.misses = misses.merged + .l2_hits + .walks + .no_walk', 'misses.no_walk', -1),
    ('accesses.translations = .loads + .stores + .fetches', 'accesses.translations', 1),
    ('accesses.translations = .loads + .stores + .fetches', 'accesses.loads', -1),
    ('accesses.translations = .loads + .stores + .fetches', 'accesses.stores', -1),
    ('accesses.translations = .loads + .stores + .fetches', 'accesses.fetches', -1),
    ('accesses.translations = l1i.lookups + l1d.lookups', 'accesses.translations', 1),
    ('accesses.translations = l1i.lookups + l1d.lookups', 'l1i.lookups', -1),
    ('accesses.translations = l1i.lookups + l1d.lookups', 'l1d.lookups', -1))
SELECT t.equation, c.core, SUM(t.sign * c.value) AS difference,
       COUNT(*) = (SELECT COUNT(*) FROM terms n WHERE n.equation = t.equation) AS whole
FROM terms t JOIN counter_totals c USING (name)
GROUP BY t.equation, c.core;

CREATE VIEW rule_counters_add_up AS
SELECT 'counters_add_up' AS rule, NULL AS event, NULL AS cycle, s.core, NULL AS space, NULL AS va,
       printf('%s does not hold: the sides differ by %d', s.equation, s.difference) AS explanation,
       NULL AS operation, NULL AS walk, NULL AS entry, NULL AS invalidation, NULL AS mapping
FROM counter_sums s
WHERE s.whole AND s.difference <> 0
UNION ALL
SELECT 'counters_add_up', NULL, NULL, t.core, NULL, NULL,
       printf('counter %s is %d, its rows make %d', t.name, t.value, IFNULL(r.value, 0)),
       NULL, NULL, NULL, NULL, NULL
FROM counter_totals t
JOIN counter_names n USING (name)
LEFT JOIN counter_rows r ON r.name = t.name AND r.core IS t.core
WHERE (SELECT level FROM runs) >= n.level AND t.value <> IFNULL(r.value, 0)
UNION ALL
SELECT 'counters_add_up', w.event, w.cycle, w.core, w.space, w.va,
       printf('walk %d says %d steps, its rows are %d', w.walk, w.steps,
              (SELECT COUNT(*) FROM walk_steps s WHERE s.walk = w.walk)),
       NULL, w.walk, NULL, NULL, NULL
FROM walks w
WHERE w.steps <> (SELECT COUNT(*) FROM walk_steps s WHERE s.walk = w.walk);
