-- Walks and TLB entries.

-- Walks, with their waits and results.
CREATE VIEW walk_log AS
SELECT event, walk, cycle, core, space, asid, vmid, printf('0x%x', va) AS va, request_cycle,
       start_cycle - request_cycle AS waited_cycles, cycle - request_cycle AS cycles, steps, waiters,
       (SELECT name FROM codes WHERE domain = 'cause' AND code = cause) AS cause,
       IIF(fault, (SELECT name FROM codes WHERE domain = 'fault' AND code = fault)
           || IIF(fault_stage = 2, ', stage 2', '') || ', level ' || fault_level, '') AS fault,
       IIF(fault_ipa IS NULL, NULL, printf('0x%x', fault_ipa)) AS fault_ipa, IIF(fault_on_table, 'yes', '') AS fault_on_table,
       IIF(leaf_pa IS NULL, NULL, printf('0x%x', leaf_pa)) AS pa, 1 << leaf_size_lg2 AS page_bytes,
       attributes_text AS attributes, leaf_level, IIF(filled, 'yes', 'no') AS filled
FROM walks LEFT JOIN attribute_names ON attribute_names.attributes = leaf_attributes;

-- From the last TLB level's miss to the end of the walk, over all cores (core NULL) and for each.
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
SELECT event, cycle, core, walk, step, stage, level, IIF(ipa IS NULL, NULL, printf('0x%x', ipa)) AS ipa,
       printf('0x%x', pa) AS entry_pa, printf('0x%016x', value) AS value,
       request_cycle, grant_cycle, grant_cycle - request_cycle AS waited_cycles, cycle - request_cycle AS cycles
FROM walk_steps;

-- Cost of entry fetches by level.
CREATE VIEW walk_levels AS
SELECT stage, level, COUNT(*) AS fetches, COUNT(DISTINCT pa) AS distinct_entries,
       round(AVG(cycle - request_cycle), 1) AS mean_cycles, round(AVG(grant_cycle - request_cycle), 1) AS mean_wait_for_bus
FROM walk_steps
GROUP BY stage, level;

-- Walks by the number of entries that they read: what walk caches save.
CREATE VIEW walk_lengths AS
SELECT steps, COUNT(*) AS walks, round(100.0 * COUNT(*) / SUM(COUNT(*)) OVER (), 2) AS percent, SUM(fault <> 0) AS faults,
       round(AVG(cycle - start_cycle), 1) AS mean_cycles
FROM walks
GROUP BY steps;

-- Names of attributes, in the text form that scripts use: r, w, x, then u (user), g (global), d (device), n (not cacheable),
-- c (clean), o (old), k and a protection key.
CREATE VIEW attribute_names AS
WITH RECURSIVE numbers (attributes) AS (SELECT 0 UNION ALL SELECT attributes + 1 FROM numbers WHERE attributes < 8191)
SELECT attributes,
       IIF(attributes & 1, 'r', '-') || IIF(attributes & 2, 'w', '-') || IIF(attributes & 4, 'x', '-')
       || IIF(attributes & 8, 'u', '') || IIF(attributes & 16, 'g', '') || IIF(attributes & 32, 'd', '')
       || IIF(attributes & 256, 'n', '') || IIF(attributes & 64, 'c', '') || IIF(attributes & 128, 'o', '')
       || IIF(attributes >> 9, 'k' || (attributes >> 9), '') AS attributes_text
FROM numbers;

-- Names of rights: who may load (r), store (w) and fetch (x).
CREATE VIEW rights_names AS
WITH RECURSIVE numbers (rights) AS (SELECT 0 UNION ALL SELECT rights + 1 FROM numbers WHERE rights < 127)
SELECT rights,
       'user ' || IIF(rights & 1, 'r', '-') || IIF(rights & 2, 'w', '-') || IIF(rights & 4, 'x', '-')
       || ', kernel ' || IIF(rights & 8, 'r', '-') || IIF(rights & 16, 'w', '-') || IIF(rights & 32, 'x', '-') AS rights_text
FROM numbers;

-- TLB entries from their fill to their end.
CREATE VIEW tlb_lifetimes AS
SELECT event, entry, core, (SELECT name FROM codes WHERE domain = 'tlb' AND code = tlb) AS tlb, space, asid, vmid,
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

-- Entries of walk caches from their fill to their end: a table covers the addresses that are translated through it.
CREATE VIEW walk_cache_lifetimes AS
SELECT event, entry, core, (SELECT name FROM codes WHERE domain = 'tlb' AND code = tlb) AS cache,
       (SELECT name FROM codes WHERE domain = 'holds' AND code = holds) AS holds, space, asid, vmid,
       printf('0x%x', va) AS va, 1 << size_lg2 AS covers_bytes, printf('0x%x', pa) AS leads_to, fill_cycle,
       first_hit_cycle, last_hit_cycle, end_cycle, end_cycle - fill_cycle AS lived_cycles, hits,
       (SELECT name FROM codes WHERE domain = 'end' AND code = end_reason) AS ended, invalidation, walk
FROM walk_cache_entries;

-- Ranges in the range TLB from their fill to their end.
CREATE VIEW range_lifetimes AS
SELECT event, entry, core, space, asid, vmid, printf('0x%x', va) AS va, bytes, printf('0x%x', pa) AS pa, fill_cycle,
       first_hit_cycle, last_hit_cycle, end_cycle, end_cycle - fill_cycle AS lived_cycles, hits,
       (SELECT name FROM codes WHERE domain = 'end' AND code = end_reason) AS ended, invalidation, walk
FROM range_entries;

-- Walk caches summed up, by what an entry covers: how many were never hit, and what one was worth.
CREATE VIEW walk_cache_usefulness AS
SELECT core, (SELECT name FROM codes WHERE domain = 'tlb' AND code = tlb) AS cache,
       (SELECT name FROM codes WHERE domain = 'holds' AND code = holds) AS holds, 1 << size_lg2 AS covers_bytes,
       COUNT(*) AS entries, SUM(hits) AS hits, SUM(hits = 0) AS never_hit, round(AVG(hits), 1) AS mean_hits,
       SUM(end_reason = 0) AS evicted, SUM(end_reason = 1) AS invalidated,
       round(AVG(end_cycle - fill_cycle), 1) AS mean_lived_cycles
FROM walk_cache_entries
GROUP BY core, walk_cache_entries.tlb, walk_cache_entries.holds, size_lg2;

-- Look-ups that found several entries: how many, which one answered, and those that may have matched.
CREATE VIEW conflict_log AS
SELECT c.event, c.cycle, c.core, c.space, printf('0x%x', c.va) AS va, c.matches,
       (SELECT name FROM codes WHERE domain = 'tlb' AND code = c.tlb) AS tlb, c.entry,
       (SELECT group_concat(printf('%s entry %d: 0x%x -> 0x%x, 2^%d bytes, of walk %d',
                                   (SELECT name FROM codes WHERE domain = 'tlb' AND code = m.tlb), m.entry, m.va, m.pa,
                                   m.size_lg2, m.walk), '; ')
        FROM conflict_entries m WHERE m.event = c.event) AS entries
FROM conflicts c;
