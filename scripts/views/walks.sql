-- Walks and TLB entries.

-- Walks, with their waits and results.
CREATE VIEW walk_log AS
SELECT event, walk, cycle, core, space, asid, printf('0x%x', va) AS va, request_cycle,
       start_cycle - request_cycle AS waited_cycles, cycle - request_cycle AS cycles, steps, waiters,
       IIF(fault, (SELECT name FROM codes WHERE domain = 'fault' AND code = fault) || ', level ' || fault_level, '')
           AS fault,
       IIF(leaf_pa IS NULL, NULL, printf('0x%x', leaf_pa)) AS pa, 1 << leaf_size_lg2 AS page_bytes,
       attributes_text AS attributes, leaf_level, IIF(filled, 'yes', 'no') AS filled
FROM walks LEFT JOIN attribute_names ON attribute_names.attributes = leaf_attributes;

-- From the second-level miss to the end of the walk, over all cores (core NULL) and for each.
CREATE VIEW walk_latency AS
WITH latencies AS (
    SELECT core, cycle - request_cycle AS cycles, start_cycle - request_cycle AS waited FROM walks
    UNION ALL
    SELECT NULL, cycle - request_cycle, start_cycle - request_cycle FROM walks
), ranked AS (
    SELECT *, ROW_NUMBER() OVER (PARTITION BY core ORDER BY cycles) AS place,
           COUNT(*) OVER (PARTITION BY core) AS walks
    FROM latencies
)
SELECT core, walks, round(AVG(cycles), 1) AS mean, MIN(cycles) AS least,
       MIN(IIF(place * 100 >= walks * 50, cycles, NULL)) AS p50,
       MIN(IIF(place * 100 >= walks * 90, cycles, NULL)) AS p90,
       MIN(IIF(place * 100 >= walks * 99, cycles, NULL)) AS p99, MAX(cycles) AS most,
       round(AVG(waited), 1) AS mean_wait_for_slot
FROM ranked
GROUP BY core;

-- Page-table entries that walks read.
CREATE VIEW walk_step_log AS
SELECT event, cycle, core, walk, step, level, printf('0x%x', pa) AS entry_pa, printf('0x%016x', value) AS value,
       request_cycle, grant_cycle, grant_cycle - request_cycle AS waited_cycles, cycle - request_cycle AS cycles
FROM walk_steps;

-- Cost of entry fetches by level.
CREATE VIEW walk_levels AS
SELECT level, COUNT(*) AS fetches, COUNT(DISTINCT pa) AS distinct_entries,
       round(AVG(cycle - request_cycle), 1) AS mean_cycles, round(AVG(grant_cycle - request_cycle), 1) AS mean_wait_for_bus
FROM walk_steps
GROUP BY level;

-- Names of attributes, in the text form that scripts use: r, w, x, then u (user), g (global), d (device).
CREATE VIEW attribute_names AS
WITH RECURSIVE numbers (attributes) AS (SELECT 0 UNION ALL SELECT attributes + 1 FROM numbers WHERE attributes < 63)
SELECT attributes,
       IIF(attributes & 1, 'r', '-') || IIF(attributes & 2, 'w', '-') || IIF(attributes & 4, 'x', '-')
       || IIF(attributes & 8, 'u', '') || IIF(attributes & 16, 'g', '') || IIF(attributes & 32, 'd', '')
           AS attributes_text
FROM numbers;

-- TLB entries from their fill to their end.
CREATE VIEW tlb_lifetimes AS
SELECT event, entry, core, (SELECT name FROM codes WHERE domain = 'tlb' AND code = tlb) AS tlb, space, asid,
       printf('0x%x', va) AS va, printf('0x%x', pa) AS pa, 1 << size_lg2 AS page_bytes,
       attributes_text AS attributes, fill_cycle, first_hit_cycle, last_hit_cycle, end_cycle,
       end_cycle - fill_cycle AS lived_cycles, hits,
       (SELECT name FROM codes WHERE domain = 'end' AND code = end_reason) AS ended, invalidation, walk
FROM tlb_entries LEFT JOIN attribute_names USING (attributes);

-- TLB entries summed up: how many were never hit, how long the dead ones stayed.
CREATE VIEW tlb_usefulness AS
SELECT core, (SELECT name FROM codes WHERE domain = 'tlb' AND code = tlb) AS tlb, COUNT(*) AS entries,
       SUM(hits = 0) AS never_hit, round(AVG(hits), 1) AS mean_hits, SUM(end_reason = 0) AS evicted,
       SUM(end_reason = 1) AS invalidated, round(AVG(end_cycle - fill_cycle), 1) AS mean_lived_cycles,
       -- the share of its life for which an entry was kept after its last hit
       round(100.0 * SUM(end_cycle - IFNULL(last_hit_cycle, fill_cycle)) / NULLIF(SUM(end_cycle - fill_cycle), 0), 1)
           AS dead_percent
FROM tlb_entries
GROUP BY core, tlb_entries.tlb;
