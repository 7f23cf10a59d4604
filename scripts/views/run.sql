-- The run as a whole: what it was, its regions, its counters.

-- What was run, how and when: one row.
CREATE VIEW run AS
SELECT IIF(complete, 'yes', 'no') AS complete,
       (SELECT name FROM codes WHERE domain = 'level' AND code = level) AS recorded,
       seed, script_path AS script, program_version AS version, command_line,
       datetime(host_started_unix, 'unixepoch') AS started_utc, host_seconds, events
FROM runs;

-- Regions of the run and their lengths.
CREATE VIEW region_log AS
SELECT region, name, cycle, core,
       LEAD(cycle) OVER (ORDER BY region) - cycle AS cycles
FROM regions;

-- Address spaces.
CREATE VIEW space_list AS
SELECT space, asid, vmid, stage2, page_table, format, printf('0x%x', root) AS root,
       IIF(aliasing_allowed, 'yes', 'no') AS aliasing,
       IIF(hardware_dirty, 'accessed and dirty', IIF(hardware_access, 'accessed', 'nothing')) AS hardware_sets, core AS created_by, cycle AS created,
       (SELECT COUNT(*) FROM operations o WHERE o.space = s.space) AS operations,
       (SELECT COUNT(*) FROM mapping_windows m WHERE m.space = s.space) AS mappings
FROM spaces s;

-- The measured part: the last region, which is the whole run without a warm-up.
CREATE VIEW measured AS
SELECT name, core, value FROM counters WHERE region = (SELECT MAX(region) FROM counters);

-- Counters, summed over cores.
CREATE VIEW counter_table AS
SELECT name, SUM(value) AS value, region FROM counters GROUP BY region, name;

-- Counters of each core.
CREATE VIEW counter_by_core AS
SELECT name, core, value, region FROM counters WHERE core IS NOT NULL ORDER BY region, name, core;

-- Look-ups, hits and misses of each level of TLBs; of each array, where a level has several; and of walk caches.
CREATE VIEW hit_rates AS
WITH shown (place, tlb, name) AS (
    SELECT DISTINCT level * 100 + level_side * 30, upper(name), name FROM tlb_paths
    UNION ALL SELECT a.level * 100 + a.side * 30 + 1 + a.tlb, (SELECT c.name FROM codes c WHERE domain = 'tlb' AND code = a.tlb) || ' array',
                     a.name FROM array_names a WHERE a.kind = 0 AND a.together > 1
    UNION ALL SELECT 10000 + a.tlb, (SELECT c.name FROM codes c WHERE domain = 'tlb' AND code = a.tlb) || ' walk cache',
                     a.name FROM array_names a WHERE a.kind = 1
), counted AS (
    SELECT s.place, s.tlb, l.core, l.value AS lookups, h.value AS hits
    FROM shown s
    JOIN measured l ON l.name = s.name || '.lookups'
    JOIN measured h ON h.name = s.name || '.hits' AND h.core IS l.core
)
SELECT tlb, core, lookups, hits, lookups - hits AS misses, round(100.0 * hits / NULLIF(lookups, 0), 3) AS hit_percent
FROM counted
ORDER BY place, core;

-- Every array: its shape, and what went through it, over all cores.
CREATE VIEW array_list AS
WITH sums AS (SELECT name, SUM(value) AS value FROM measured GROUP BY name)
SELECT a.tlb AS number, (SELECT name FROM codes WHERE domain = 'tlb' AND code = a.tlb) AS name,
       (SELECT name FROM codes WHERE domain = 'array' AND code = a.kind) AS kind, a.level,
       (SELECT name FROM codes WHERE domain = 'side' AND code = a.side) AS side,
       (SELECT name FROM codes WHERE domain = 'holds' AND code = a.holds) AS holds, a.entries, a.ways,
       a.entries / a.ways AS sets, (SELECT name FROM codes WHERE domain = 'replacement' AND code = a.replacement) AS replacement,
       IFNULL((WITH RECURSIVE bits (bit) AS (SELECT 0 UNION ALL SELECT bit + 1 FROM bits WHERE bit < 62)
               SELECT group_concat(CASE WHEN bit >= 40 THEN (1 << bit - 40) || 'T' WHEN bit >= 30 THEN (1 << bit - 30) || 'G'
                                        WHEN bit >= 20 THEN (1 << bit - 20) || 'M' ELSE (1 << bit - 10) || 'K' END, ' ')
               FROM bits WHERE a.sizes >> bit & 1), 'all') AS sizes,
       (SELECT name FROM codes WHERE domain = 'inclusion' AND code = a.inclusion) AS inclusion, a.latency,
       IIF(a.shared, 'yes', 'no') AS shared, l.value AS lookups, h.value AS hits,
       round(100.0 * h.value / NULLIF(l.value, 0), 3) AS hit_percent, f.value AS fills, r.value AS refilled,
       e.value AS evictions, d.value AS dropped
FROM arrays a
JOIN array_names n ON n.tlb = a.tlb
LEFT JOIN sums l ON l.name = n.name || '.lookups'
LEFT JOIN sums h ON h.name = n.name || '.hits'
LEFT JOIN sums f ON f.name = n.name || '.fills'
LEFT JOIN sums r ON r.name = n.name || '.refilled'
LEFT JOIN sums e ON e.name = n.name || '.evictions'
LEFT JOIN sums d ON d.name = n.name || '.dropped'
ORDER BY a.tlb;

-- Histograms, bucket by bucket.
CREATE VIEW histogram_log AS
SELECT name, low, high, count,
       round(100.0 * SUM(count) OVER (PARTITION BY name ORDER BY low) / SUM(count) OVER (PARTITION BY name), 2)
           AS up_to_percent
FROM histograms
ORDER BY name, low;

-- Least value at or below which a share of a histogram lies, and its mean bounds.
CREATE VIEW histogram_quantiles AS
WITH running AS (
    SELECT name, low, high, count, SUM(count) OVER (PARTITION BY name ORDER BY low) AS upto,
           SUM(count) OVER (PARTITION BY name) AS total
    FROM histograms
)
SELECT name, MAX(total) AS count, MIN(IIF(count, low, NULL)) AS least,
       MIN(IIF(upto >= 0.5 * total, high, NULL)) AS p50, MIN(IIF(upto >= 0.9 * total, high, NULL)) AS p90,
       MIN(IIF(upto >= 0.99 * total, high, NULL)) AS p99, MAX(IIF(count, high, NULL)) AS most
FROM running
GROUP BY name;

-- The run in figures: counts, rates, latencies.
CREATE VIEW summary AS
WITH c AS (SELECT name, SUM(value) AS value FROM measured GROUP BY name),
rates (number, metric, value, unit) AS (
    SELECT 0, 'simulated', (SELECT MAX(value) FROM counters WHERE name = 'cycles'), 'cycles'
    UNION ALL SELECT 1, 'translations', (SELECT value FROM c WHERE name = 'accesses.translations'), ''
    UNION ALL SELECT 2 + level / 100.0, tlb || ' hit rate', round(100.0 * SUM(hits) / NULLIF(SUM(lookups), 0), 3), '%'
              FROM (SELECT MIN(level) + MIN(level_side) / 10.0 AS level, upper(name) AS tlb FROM tlb_paths GROUP BY name)
              JOIN hit_rates USING (tlb) GROUP BY tlb
    UNION ALL SELECT 5, 'misses merged', (SELECT value FROM c WHERE name = 'misses.merged'), ''
    UNION ALL SELECT 6, 'walks', (SELECT value FROM c WHERE name = 'walker.walks'), ''
    UNION ALL SELECT 7, 'entries fetched for each walk', round(1.0 * (SELECT value FROM c WHERE name = 'walker.steps')
                     / NULLIF((SELECT value FROM c WHERE name = 'walker.walks'), 0), 2), ''
    UNION ALL SELECT 8, 'mean walk', round(1.0 * (SELECT value FROM c WHERE name = 'walker.cycles')
                     / NULLIF((SELECT value FROM c WHERE name = 'walker.walks'), 0), 1), 'cycles'
    UNION ALL SELECT 9, 'walk p50', IFNULL((SELECT p50 FROM walk_latency WHERE core IS NULL),
                     (SELECT p50 FROM histogram_quantiles WHERE name LIKE 'walk%')), 'cycles'
    UNION ALL SELECT 10, 'walk p99', IFNULL((SELECT p99 FROM walk_latency WHERE core IS NULL),
                     (SELECT p99 FROM histogram_quantiles WHERE name LIKE 'walk%')), 'cycles'
    UNION ALL SELECT 11, 'faults', (SELECT value FROM c WHERE name = 'accesses.faulted'), ''
    UNION ALL SELECT 12, 'bus transactions', (SELECT value FROM c WHERE name = 'bus.requests'), ''
    UNION ALL SELECT 13, 'bus busy', (SELECT value FROM c WHERE name = 'bus.busy_cycles'), 'cycles'
    UNION ALL SELECT 14, 'invalidations', (SELECT value FROM c WHERE name = 'invalidations.issued'), ''
    UNION ALL SELECT 15, 'mean invalidation', round(1.0 * (SELECT value FROM c WHERE name = 'invalidations.cycles')
                     / NULLIF((SELECT value FROM c WHERE name = 'invalidations.completed'), 0), 1), 'cycles'
    UNION ALL SELECT 16, 'page-table operations', (SELECT COUNT(*) FROM operations), ''
    UNION ALL SELECT 17, 'host time', (SELECT round(host_seconds, 3) FROM runs), 's'
)
SELECT metric, value, unit FROM rates WHERE value IS NOT NULL ORDER BY number;
