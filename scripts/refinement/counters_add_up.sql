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

-- The large tables by all that counters tell apart: so few rows come out of each that what follows costs nothing. (One
-- number to group by sorts twice as fast as several.)
CREATE VIEW access_counts AS
SELECT core, access_kind, outcome, faulted, retry, half, COUNT(*) AS accesses
FROM (SELECT core, access_kind, outcome, fault <> 0 AS faulted, retry, half,
             ((((core << 4 | access_kind) << 8 | outcome) << 1 | (fault <> 0)) << 1 | retry) << 2 | half AS key
      FROM translations)
GROUP BY key;

-- An entry is counted as a fill by the core that filled it, which is in its identifier, and as ended by the core that
-- ended it; its hits by all who hit it, so that those of a shared array are compared in sum alone.
CREATE VIEW entry_counts AS
SELECT tlb, core, filler, end_reason, COUNT(*) AS entries, SUM(hits) AS hits
FROM (SELECT tlb, core, (entry & 63) + 1 AS filler, end_reason, hits FROM tlb_entries
      UNION ALL SELECT tlb, core, (entry & 63) + 1, end_reason, hits FROM walk_cache_entries
      UNION ALL SELECT tlb, core, (entry & 63) + 1, end_reason, hits FROM range_entries)
GROUP BY ((tlb << 16 | core) << 8 | filler) << 4 | end_reason;

-- What rows say, by core; `level`: the least recording level that has all of them (1 misses, 2 all).
CREATE VIEW counter_rows AS
WITH accesses AS MATERIALIZED (
    SELECT *, IIF(access_kind = 2, 0, 1) AS side FROM access_counts
), entries AS MATERIALIZED (
    SELECT * FROM entry_counts
), misses AS (
    -- `level`: the one that was hit, or beyond all
    SELECT core, side, accesses,
           CASE WHEN outcome = 1 THEN 2 WHEN outcome IN (2, 4, 11) THEN 99 ELSE outcome - 2 END AS level
    FROM accesses WHERE outcome NOT IN (0, 3)
), counted (name, level, core, value) AS (
    SELECT p.name || '.lookups', 2, core, accesses FROM accesses a JOIN tlb_paths p ON p.side = a.side AND p.level = 1
    UNION ALL SELECT p.name || IIF(outcome, '.misses', '.hits'), IIF(outcome, 1, 2), core, accesses
              FROM accesses a JOIN tlb_paths p ON p.side = a.side AND p.level = 1
    UNION ALL SELECT p.name || '.lookups', 1, core, accesses FROM misses m
              JOIN tlb_paths p ON p.side = m.side AND p.level BETWEEN 2 AND m.level
    UNION ALL SELECT p.name || IIF(p.level = m.level, '.hits', '.misses'), 1, core, accesses FROM misses m
              JOIN tlb_paths p ON p.side = m.side AND p.level BETWEEN 2 AND m.level
    UNION ALL SELECT CASE outcome WHEN 1 THEN 'misses.l2_hits' WHEN 2 THEN 'misses.walks'
                     WHEN 3 THEN 'misses.merged' WHEN 4 THEN 'misses.no_walk' WHEN 11 THEN 'misses.range_hits'
                     ELSE 'misses.l' || (outcome - 2) || '_hits' END, 1, core, accesses
              FROM accesses WHERE outcome <> 0
    UNION ALL SELECT a.name || '.fills', 1, filler, e.entries FROM entries e JOIN array_names a USING (tlb)
    UNION ALL SELECT a.name || CASE end_reason WHEN 0 THEN '.evictions' WHEN 2 THEN '.remained' WHEN 3 THEN '.refilled'
                                               ELSE '.dropped' END,
                     1, core, e.entries FROM entries e JOIN array_names a USING (tlb)
    UNION ALL SELECT a.name || '.hits', IIF(a.kind = 0 AND a.level = 1, 2, 1), core, hits
              FROM entries JOIN array_names a USING (tlb)
    UNION ALL SELECT 'accesses.translations', 2, core, accesses FROM accesses
    UNION ALL SELECT CASE access_kind WHEN 0 THEN 'accesses.loads' WHEN 1 THEN 'accesses.stores'
                     ELSE 'accesses.fetches' END, 2, core, accesses FROM accesses
    UNION ALL SELECT 'accesses.faulted', 1, core, accesses FROM accesses WHERE faulted
    UNION ALL SELECT 'accesses.retries', 2, core, accesses FROM accesses WHERE retry
    UNION ALL SELECT 'accesses.crossing', 2, core, accesses FROM accesses WHERE half = 1
    UNION ALL SELECT 'accesses.conflicts', 1, core, COUNT(*) FROM conflicts GROUP BY core
    UNION ALL SELECT 'walker.' || column1, 1, core,
                     CASE column1 WHEN 'walks' THEN walks WHEN 'cycles' THEN cycles WHEN 'faults' THEN faults
                                  ELSE unfilled END
              FROM (SELECT core, COUNT(*) AS walks, SUM(cycle - request_cycle) AS cycles, SUM(fault <> 0) AS faults,
                           SUM(fault = 0 AND NOT filled) AS unfilled
                    FROM walks GROUP BY core), (VALUES ('walks'), ('cycles'), ('faults'), ('unfilled'))
    UNION ALL SELECT 'walker.steps', 1, core, COUNT(*)
              FROM (SELECT DISTINCT walk, step, core FROM walk_steps) GROUP BY core
    UNION ALL SELECT 'walker.updates', 1, core, COUNT(*) FROM entry_writes WHERE walk IS NOT NULL GROUP BY core
    UNION ALL SELECT 'invalidations.issued', 1, core, COUNT(*) FROM invalidations GROUP BY core
    UNION ALL SELECT 'invalidations.completed', 1, core, COUNT(complete_cycle) FROM invalidations GROUP BY core
    UNION ALL SELECT 'invalidations.cycles', 1, core, SUM(complete_cycle - issue_cycle) FROM invalidations
              WHERE complete_cycle IS NOT NULL GROUP BY core
    UNION ALL SELECT 'invalidations.interrupts', 1, core, MAX(targets) FROM invalidations
              WHERE list IS NOT NULL GROUP BY core, issue_cycle
    UNION ALL SELECT 'invalidations.received', 1, target, COUNT(*) FROM acknowledgements GROUP BY target
    UNION ALL SELECT 'invalidations.entries_dropped', 1, target, SUM(entries_dropped) FROM acknowledgements
              GROUP BY target
    UNION ALL SELECT 'programs.barriers', 1, core, COUNT(*) FROM barriers GROUP BY core
    UNION ALL SELECT 'programs.barrier_cycles', 1, core, SUM(cycle - begin_cycle) FROM barriers GROUP BY core
    UNION ALL SELECT 'programs.switches', 1, core, COUNT(*) FROM contexts GROUP BY core
    UNION ALL SELECT 'programs.faults', 1, core, COUNT(*) FROM faults GROUP BY core
    UNION ALL SELECT 'operations.' || (SELECT name FROM codes WHERE domain = 'operation' AND code = kind), 1, core,
              COUNT(*) FROM operations GROUP BY kind, core
), by_core AS MATERIALIZED (
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
), rows AS MATERIALIZED (
    SELECT * FROM counter_rows
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
LEFT JOIN rows r ON r.name = t.name AND r.core IS t.core
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
             IFNULL((SELECT r.value FROM rows r WHERE r.name = a.name || '.remained' AND r.core IS NULL), 0) AS remained
      FROM array_names a CROSS JOIN counter_totals c GROUP BY a.tlb) f USING (tlb)
WHERE (SELECT level FROM runs) >= 1 AND f.fills <> f.refilled + f.evictions + f.dropped + f.remained
UNION ALL
SELECT 'counters_add_up', w.event, w.cycle, w.core, w.space, w.va,
       printf('walk %d says %d steps, its rows are %d', w.walk, w.steps,
              (SELECT COUNT(DISTINCT step) FROM walk_steps s WHERE s.walk = w.walk)),
       NULL, w.walk, NULL, NULL, NULL
FROM walks w
WHERE w.steps <> (SELECT COUNT(DISTINCT step) FROM walk_steps s WHERE s.walk = w.walk);
