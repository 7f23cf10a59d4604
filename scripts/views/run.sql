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
SELECT space, asid, page_table, format, printf('0x%x', root) AS root,
       IIF(aliasing_allowed, 'yes', 'no') AS aliasing, core AS created_by, cycle AS created,
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

-- Look-ups, hits and misses of each TLB.
CREATE VIEW hit_rates AS
WITH sums AS (
    SELECT core, substr(name, 1, instr(name, '.') - 1) AS tlb, substr(name, instr(name, '.') + 1) AS what, value
    FROM measured WHERE name GLOB 'l[12]*.*'
)
SELECT upper(tlb) AS tlb, core,
       SUM(IIF(what = 'lookups', value, 0)) AS lookups, SUM(IIF(what = 'hits', value, 0)) AS hits,
       SUM(IIF(what = 'misses', value, 0)) AS misses,
       round(100.0 * SUM(IIF(what = 'hits', value, 0)) / NULLIF(SUM(IIF(what = 'lookups', value, 0)), 0), 3)
           AS hit_percent
FROM sums
GROUP BY tlb, core;

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
    UNION ALL SELECT 2, 'L1I hit rate', round(100.0 * (SELECT value FROM c WHERE name = 'l1i.hits')
                     / NULLIF((SELECT value FROM c WHERE name = 'l1i.lookups'), 0), 3), '%'
    UNION ALL SELECT 3, 'L1D hit rate', round(100.0 * (SELECT value FROM c WHERE name = 'l1d.hits')
                     / NULLIF((SELECT value FROM c WHERE name = 'l1d.lookups'), 0), 3), '%'
    UNION ALL SELECT 4, 'L2 hit rate', round(100.0 * (SELECT value FROM c WHERE name = 'l2.hits')
                     / NULLIF((SELECT value FROM c WHERE name = 'l2.lookups'), 0), 3), '%'
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
