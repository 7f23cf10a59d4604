-- The arithmetic of the counters among themselves, and against the rows they count. Regions are summed, since an
-- access may be issued in one and end in the next. SCHEMA.md says what each counter counts.
CREATE VIEW counter_totals AS
SELECT name, core, SUM(value) AS value FROM counters
WHERE (SELECT COUNT(DISTINCT region) FROM counters) >= (SELECT COUNT(*) FROM regions)
GROUP BY name, core;

-- The levels that the accesses of a side (0 fetches, 1 loads and stores) are looked up in, as counters name them.
CREATE VIEW tlb_paths AS
SELECT DISTINCT p.side, a.level, a.side AS level_side, 'l' || a.level || substr('id', a.side + 1, 1) AS name
FROM arrays a JOIN (SELECT 0 AS side UNION ALL SELECT 1) p ON a.side IN (p.side, 2)
WHERE a.kind = 0;

-- Every array with the name of its counters, and the level that it is part of.
CREATE VIEW array_names AS
SELECT tlb, kind, level, side, shared, holds, CASE kind WHEN 0 THEN 'tlb.' WHEN 1 THEN 'walk_cache.' ELSE '' END || name AS name,
       IIF(kind = 0, 'l' || level || substr('id', side + 1, 1), NULL) AS level_name,
       COUNT(*) OVER (PARTITION BY kind, level, side, holds) AS together
FROM arrays;

-- What rows say, by core; `level`: the least recording level that has all of them (1 misses, 2 all).
-- An entry is counted as a fill by the core that filled it, which is in its identifier, and as ended by the core that
-- ended it; its hits by all who hit it, so that those of a shared array are compared in sum alone.
CREATE VIEW counter_rows AS
WITH entries AS (
    SELECT tlb, core, entry, hits, end_reason FROM tlb_entries
    UNION ALL SELECT tlb, core, entry, hits, end_reason FROM walk_cache_entries
    UNION ALL SELECT tlb, core, entry, hits, end_reason FROM range_entries
), misses AS (
    -- `level`: the one that was hit, or beyond all
    SELECT core, IIF(access_kind = 2, 0, 1) AS side,
           CASE WHEN outcome = 1 THEN 2 WHEN outcome IN (2, 4, 11) THEN 99 ELSE outcome - 2 END AS level
    FROM translations WHERE outcome NOT IN (0, 3)
), counted (name, level, core, value) AS (
    SELECT p.name || '.lookups', 2, core, 1 FROM translations
           JOIN tlb_paths p ON p.side = IIF(access_kind = 2, 0, 1) AND p.level = 1
    UNION ALL SELECT p.name || IIF(outcome, '.misses', '.hits'), IIF(outcome, 1, 2), core, 1 FROM translations
              JOIN tlb_paths p ON p.side = IIF(access_kind = 2, 0, 1) AND p.level = 1
    UNION ALL SELECT p.name || '.lookups', 1, core, 1 FROM misses m
              JOIN tlb_paths p ON p.side = m.side AND p.level BETWEEN 2 AND m.level
    UNION ALL SELECT p.name || IIF(p.level = m.level, '.hits', '.misses'), 1, core, 1 FROM misses m
              JOIN tlb_paths p ON p.side = m.side AND p.level BETWEEN 2 AND m.level
    UNION ALL SELECT CASE outcome WHEN 1 THEN 'misses.l2_hits' WHEN 2 THEN 'misses.walks'
                     WHEN 3 THEN 'misses.merged' WHEN 4 THEN 'misses.no_walk' WHEN 11 THEN 'misses.range_hits'
                     ELSE 'misses.l' || (outcome - 2) || '_hits' END, 1, core, 1
              FROM translations WHERE outcome <> 0
    UNION ALL SELECT a.name || '.fills', 1, (entry & 63) + 1, 1 FROM entries JOIN array_names a USING (tlb)
    UNION ALL SELECT a.name || CASE end_reason WHEN 0 THEN '.evictions' WHEN 3 THEN '.refilled' ELSE '.dropped' END,
                     1, core, 1 FROM entries JOIN array_names a USING (tlb) WHERE end_reason <> 2
    UNION ALL SELECT a.name || '.hits', IIF(a.kind = 0 AND a.level = 1, 2, 1), core, hits
              FROM entries JOIN array_names a USING (tlb)
    UNION ALL SELECT 'accesses.translations', 2, core, 1 FROM translations
    UNION ALL SELECT CASE access_kind WHEN 0 THEN 'accesses.loads' WHEN 1 THEN 'accesses.stores'
                     ELSE 'accesses.fetches' END, 2, core, 1 FROM translations
    UNION ALL SELECT 'accesses.faulted', 1, core, 1 FROM translations WHERE fault <> 0
    UNION ALL SELECT 'accesses.retries', 2, core, 1 FROM translations WHERE retry
    UNION ALL SELECT 'accesses.crossing', 2, core, 1 FROM translations WHERE half = 1
    UNION ALL SELECT 'accesses.conflicts', 1, core, 1 FROM conflicts
    UNION ALL SELECT 'walker.walks', 1, core, 1 FROM walks
    UNION ALL SELECT 'walker.cycles', 1, core, cycle - request_cycle FROM walks
    UNION ALL SELECT 'walker.faults', 1, core, 1 FROM walks WHERE fault <> 0
    UNION ALL SELECT 'walker.unfilled', 1, core, 1 FROM walks WHERE fault = 0 AND NOT filled
    UNION ALL SELECT 'walker.steps', 1, core, 1 FROM walk_steps GROUP BY walk, step
    UNION ALL SELECT 'walker.updates', 1, core, 1 FROM entry_writes WHERE walk IS NOT NULL
    UNION ALL SELECT 'invalidations.issued', 1, core, 1 FROM invalidations
    UNION ALL SELECT 'invalidations.completed', 1, core, 1 FROM invalidations WHERE complete_cycle IS NOT NULL
    UNION ALL SELECT 'invalidations.cycles', 1, core, complete_cycle - issue_cycle FROM invalidations
              WHERE complete_cycle IS NOT NULL
    UNION ALL SELECT 'invalidations.interrupts', 1, core, MAX(targets) FROM invalidations
              WHERE list IS NOT NULL GROUP BY core, issue_cycle
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

-- Counters that rows are compared with: one of these without any row should be 0. `in_sum`: over all cores alone;
-- `at_least`: rows may be fewer.
CREATE VIEW counter_names AS
WITH names (name, level) AS (VALUES
    ('misses.walks', 1), ('misses.merged', 1), ('misses.no_walk', 1), ('misses.range_hits', 1), ('accesses.translations', 2),
    ('accesses.loads', 2), ('accesses.stores', 2), ('accesses.fetches', 2), ('accesses.faulted', 1),
    ('accesses.retries', 2), ('accesses.crossing', 2), ('accesses.conflicts', 1), ('walker.walks', 1),
    ('walker.cycles', 1), ('walker.faults', 1), ('walker.unfilled', 1), ('walker.steps', 1), ('walker.updates', 1),
    ('invalidations.issued', 1), ('invalidations.completed', 1), ('invalidations.cycles', 1),
    ('invalidations.interrupts', 1), ('invalidations.received', 1), ('invalidations.entries_dropped', 1),
    ('programs.barriers', 1), ('programs.barrier_cycles', 1), ('programs.switches', 1), ('programs.faults', 1),
    ('operations.map', 1), ('operations.unmap', 1), ('operations.protect', 1), ('operations.query', 1)),
of_entries (suffix) AS (VALUES ('.fills'), ('.refilled'), ('.evictions'), ('.dropped'))
SELECT name, level, 0 AS in_sum, 0 AS at_least FROM names
UNION SELECT name || '.lookups', IIF(level = 1, 2, 1), 0, 0 FROM tlb_paths
UNION SELECT name || '.hits', IIF(level = 1, 2, 1), 0, 0 FROM tlb_paths
UNION SELECT name || '.misses', 1, 0, 0 FROM tlb_paths
UNION SELECT 'misses.l' || level || '_hits', 1, 0, 0 FROM tlb_paths WHERE level > 1
UNION SELECT name || suffix, 1, 0, 0 FROM array_names CROSS JOIN of_entries
-- Caches of one kind are looked up at once, and only the entry that leads furthest is used.
UNION SELECT name || '.hits', 1, shared, kind = 1 AND together > 1 FROM array_names;

-- Sums among counters, each of which is 0 for every core.
CREATE VIEW counter_sums AS
WITH served AS MATERIALIZED (
    SELECT level, COUNT(DISTINCT side) AS sides, MAX(level_side = 2) AS unified FROM tlb_paths GROUP BY level
), names AS MATERIALIZED (
    SELECT DISTINCT level, name FROM tlb_paths
), passed (level) AS (
    -- levels behind which all misses of this one can be found again, both sides together
    SELECT s.level FROM served s JOIN served n ON n.level = s.level + 1
    WHERE n.sides = s.sides AND (s.level = 1 OR s.unified OR n.unified)
), passed_by_side AS (
    SELECT p.name AS name, n.name AS next
    FROM tlb_paths p JOIN tlb_paths n ON n.side = p.side AND n.level = p.level + 1
    WHERE p.level > 1 AND p.level_side <> 2 AND n.level_side <> 2
), data_caches AS MATERIALIZED (
    SELECT DISTINCT substr(name, 1, length(name) - length('.lookups')) AS name
    FROM counter_totals WHERE name LIKE 'cache.%.lookups'
), terms (equation, name, sign) AS (
    SELECT name || '.lookups = .hits + .misses', name || '.lookups', 1 FROM names
    UNION ALL SELECT name || '.lookups = .hits + .misses', name || '.hits', -1 FROM names
    UNION ALL SELECT name || '.lookups = .hits + .misses', name || '.misses', -1 FROM names
    -- first-level misses, by how they were served
    UNION ALL SELECT 'first-level misses = misses.merged + hits behind + .walks + .no_walk', name || '.misses', 1
              FROM names WHERE level = 1
    UNION ALL SELECT 'first-level misses = misses.merged + hits behind + .walks + .no_walk', column1, -1
              FROM (VALUES ('misses.merged'), ('misses.walks'), ('misses.no_walk'))
              WHERE EXISTS (SELECT 1 FROM names)
    UNION ALL SELECT 'first-level misses = misses.merged + hits behind + .walks + .no_walk', name, -1
              FROM (SELECT DISTINCT name FROM counter_totals WHERE name = 'misses.range_hits')
    UNION ALL SELECT 'first-level misses = misses.merged + hits behind + .walks + .no_walk',
                     'misses.l' || level || '_hits', -1 FROM served WHERE level > 1
    UNION ALL SELECT 'hits of level ' || level || ' = misses.l' || level || '_hits', name || '.hits', 1
              FROM names WHERE level > 1
    UNION ALL SELECT 'hits of level ' || level || ' = misses.l' || level || '_hits', 'misses.l' || level || '_hits', -1
              FROM served WHERE level > 1
    -- from level to level
    UNION ALL SELECT 'look-ups of level ' || (level + 1) || ' = misses of level ' || level, name || '.misses', -1
              FROM names JOIN passed USING (level)
    UNION ALL SELECT 'look-ups of level ' || n.level || ' = misses of level ' || p.level, n.name || '.lookups', 1
              FROM passed p JOIN names n ON n.level = p.level + 1
    UNION ALL SELECT 'look-ups of level 2 = misses of level 1', 'misses.merged', 1 FROM passed WHERE level = 1
    UNION ALL SELECT next || '.lookups = ' || name || '.misses', next || '.lookups', 1 FROM passed_by_side
    UNION ALL SELECT next || '.lookups = ' || name || '.misses', name || '.misses', -1 FROM passed_by_side
    -- a level and its arrays
    UNION ALL SELECT DISTINCT level_name || '.hits = those of its arrays', level_name || '.hits', 1
              FROM array_names WHERE kind = 0
    UNION ALL SELECT level_name || '.hits = those of its arrays', name || '.hits', -1 FROM array_names WHERE kind = 0
    UNION ALL SELECT name || '.lookups = ' || level_name || '.lookups', name || '.lookups', 1
              FROM array_names WHERE kind = 0 AND (level = 1 OR together = 1)
    UNION ALL SELECT name || '.lookups = ' || level_name || '.lookups', level_name || '.lookups', -1
              FROM array_names WHERE kind = 0 AND (level = 1 OR together = 1)
    -- walks
    UNION ALL SELECT 'walker.walks = misses.walks + walker.restarted + prefetch.issued + adversary.walks', column1,
                     column2
              FROM (VALUES ('walker.walks', 1), ('misses.walks', -1), ('walker.restarted', -1),
                           ('prefetch.issued', -1), ('adversary.walks', -1))
    UNION ALL SELECT 'prefetch.asked = .issued + .dropped + .useless', column1, column2
              FROM (VALUES ('prefetch.asked', 1), ('prefetch.issued', -1), ('prefetch.dropped', -1),
                           ('prefetch.useless', -1))
    UNION ALL SELECT 'adversary.acts = .idle + .walks + .evictions + .refills', column1, column2
              FROM (VALUES ('adversary.acts', 1), ('adversary.idle', -1), ('adversary.walks', -1),
                           ('adversary.evictions', -1), ('adversary.refills', -1))
    UNION ALL SELECT name || '.lookups = walker.walks', name || '.lookups', 1 FROM array_names WHERE holds = 1
    UNION ALL SELECT name || '.lookups = walker.walks', 'walker.walks', -1 FROM array_names WHERE holds = 1
    UNION ALL SELECT 'range_tlb.lookups = misses.range_hits + .walks + .no_walk', column1, column2
              FROM (VALUES ('range_tlb.lookups', 1), ('misses.range_hits', -1), ('misses.walks', -1),
                           ('misses.no_walk', -1))
    -- data caches, and what they want of the bus
    UNION ALL SELECT name || '.lookups = .hits + .misses + .merged', name || column1, column2
              FROM data_caches, (VALUES ('.lookups', 1), ('.hits', -1), ('.misses', -1), ('.merged', -1))
    UNION ALL SELECT 'bus.requests = transactions.direct + .fills + .upgrades + .writebacks', column1, column2
              FROM (VALUES ('bus.requests', 1), ('transactions.direct', -1), ('transactions.fills', -1),
                           ('transactions.upgrades', -1), ('transactions.writebacks', -1))
    UNION ALL SELECT 'accesses.translations = .loads + .stores + .fetches', column1, column2
              FROM (VALUES ('accesses.translations', 1), ('accesses.loads', -1), ('accesses.stores', -1),
                           ('accesses.fetches', -1))
    UNION ALL SELECT 'accesses.translations = first-level look-ups', 'accesses.translations', 1
              WHERE EXISTS (SELECT 1 FROM names)
    UNION ALL SELECT 'accesses.translations = first-level look-ups', name || '.lookups', -1 FROM names WHERE level = 1
)
SELECT t.equation, c.core, SUM(t.sign * c.value) AS difference,
       COUNT(*) = (SELECT COUNT(*) FROM terms n WHERE n.equation = t.equation) AS whole
FROM terms t JOIN counter_totals c USING (name)
GROUP BY t.equation, c.core;

-- What may not be more than something else.
CREATE VIEW counter_bounds AS
WITH pairs (less, more) AS (
    SELECT name || '.hits', name || '.lookups' FROM array_names
    UNION ALL SELECT name || '.lookups', level_name || '.lookups' FROM array_names WHERE kind = 0
    UNION ALL SELECT name || '.refilled', name || '.fills' FROM array_names
)
SELECT l.core, p.less, l.value AS less_value, p.more, m.value AS more_value
FROM pairs p JOIN counter_totals l ON l.name = p.less JOIN counter_totals m ON m.name = p.more AND m.core IS l.core;

CREATE VIEW rule_counters_add_up AS
WITH totals AS (
    SELECT t.name, t.core, t.value, n.level, n.at_least FROM counter_totals t JOIN counter_names n USING (name)
    WHERE NOT n.in_sum
    UNION ALL
    SELECT t.name, NULL, SUM(t.value), n.level, n.at_least FROM counter_totals t JOIN counter_names n USING (name)
    WHERE n.in_sum GROUP BY t.name
)
SELECT 'counters_add_up' AS rule, NULL AS event, NULL AS cycle, s.core, NULL AS space, NULL AS va,
       printf('%s does not hold: the sides differ by %d', s.equation, s.difference) AS explanation,
       NULL AS operation, NULL AS walk, NULL AS entry, NULL AS invalidation, NULL AS mapping
FROM counter_sums s
WHERE s.whole AND s.difference <> 0
UNION ALL
SELECT 'counters_add_up', NULL, NULL, b.core, NULL, NULL,
       printf('counter %s is %d, more than %s, which is %d', b.less, b.less_value, b.more, b.more_value),
       NULL, NULL, NULL, NULL, NULL
FROM counter_bounds b
WHERE b.less_value > b.more_value
UNION ALL
SELECT 'counters_add_up', NULL, NULL, t.core, NULL, NULL,
       printf('counter %s is %d, its rows make %d', t.name, t.value, IFNULL(r.value, 0)),
       NULL, NULL, NULL, NULL, NULL
FROM totals t
LEFT JOIN counter_rows r ON r.name = t.name AND r.core IS t.core
WHERE (SELECT level FROM runs) >= t.level
  AND (t.value < IFNULL(r.value, 0) OR (t.value > IFNULL(r.value, 0) AND NOT t.at_least))
UNION ALL
-- entries are put in, and each ends once: by another one, otherwise, or with the run
SELECT 'counters_add_up', NULL, NULL, NULL, NULL, NULL,
       printf('%s: %d fills, but %d refilled, %d evicted, %d dropped and %d left when the run ended',
              a.name, f.fills, f.refilled, f.evictions, f.dropped, f.remained),
       NULL, NULL, NULL, NULL, NULL
FROM array_names a
JOIN (SELECT a.tlb, SUM(IIF(c.name = a.name || '.fills', value, 0)) AS fills,
             SUM(IIF(c.name = a.name || '.refilled', value, 0)) AS refilled,
             SUM(IIF(c.name = a.name || '.evictions', value, 0)) AS evictions,
             SUM(IIF(c.name = a.name || '.dropped', value, 0)) AS dropped,
             (SELECT COUNT(*) FROM tlb_entries e WHERE e.tlb = a.tlb AND e.end_reason = 2)
             + (SELECT COUNT(*) FROM walk_cache_entries e WHERE e.tlb = a.tlb AND e.end_reason = 2)
             + (SELECT COUNT(*) FROM range_entries e WHERE e.tlb = a.tlb AND e.end_reason = 2) AS remained
      FROM array_names a CROSS JOIN counter_totals c GROUP BY a.tlb) f USING (tlb)
WHERE (SELECT level FROM runs) >= 1 AND f.fills <> f.refilled + f.evictions + f.dropped + f.remained
UNION ALL
SELECT 'counters_add_up', w.event, w.cycle, w.core, w.space, w.va,
       printf('walk %d says %d steps, its rows are %d', w.walk, w.steps,
              (SELECT COUNT(DISTINCT step) FROM walk_steps s WHERE s.walk = w.walk)),
       NULL, w.walk, NULL, NULL, NULL
FROM walks w
WHERE w.steps <> (SELECT COUNT(DISTINCT step) FROM walk_steps s WHERE s.walk = w.walk);
