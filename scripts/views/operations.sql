-- Page-table operations, their stores, invalidations and barriers.

-- Page-table operations and their results.
CREATE VIEW operation_log AS
SELECT o.operation, o.begin_cycle, o.end_cycle, o.end_cycle - o.begin_cycle AS cycles, o.core, o.space,
       (SELECT name FROM codes WHERE domain = 'operation' AND code = o.kind) AS kind, printf('0x%x', o.va) AS va,
       IIF(IFNULL(o.pa, o.found_pa) IS NULL, NULL, printf('0x%x', IFNULL(o.pa, o.found_pa))) AS pa,
       1 << IFNULL(o.size_lg2, o.found_size_lg2) AS page_bytes, n.attributes_text AS attributes,
       (SELECT name FROM codes WHERE domain = 'result' AND code = o.result) AS result,
       (SELECT COUNT(*) FROM entry_writes w WHERE w.operation = o.operation) AS entry_writes,
       (SELECT COUNT(*) FROM invalidations i WHERE i.operation = o.operation) AS invalidations
FROM operations o LEFT JOIN attribute_names n ON n.attributes = IFNULL(o.attributes, o.found_attributes);

-- Cycles of page-table operations by kind and result.
CREATE VIEW operation_cost AS
WITH ranked AS (
    SELECT kind, result, end_cycle - begin_cycle AS cycles,
           ROW_NUMBER() OVER (PARTITION BY kind, result ORDER BY end_cycle - begin_cycle) AS place,
           COUNT(*) OVER (PARTITION BY kind, result) AS operations
    FROM operations WHERE end_cycle IS NOT NULL
)
SELECT (SELECT name FROM codes WHERE domain = 'operation' AND code = kind) AS kind,
       (SELECT name FROM codes WHERE domain = 'result' AND code = result) AS result, operations,
       round(AVG(cycles), 1) AS mean, MIN(cycles) AS least,
       MIN(IIF(place * 100 >= operations * 50, cycles, NULL)) AS p50,
       MIN(IIF(place * 100 >= operations * 99, cycles, NULL)) AS p99, MAX(cycles) AS most
FROM ranked
GROUP BY ranked.kind, ranked.result;

-- Stores of page-table code, and what hardware updates in entries.
CREATE VIEW entry_write_log AS
SELECT event, core, IIF(walk IS NULL, 'software', 'hardware') AS made_by, operation, walk, printf('0x%x', pa) AS entry_pa, printf('0x%016x', old_value) AS old_value,
       printf('0x%016x', new_value) AS new_value, issue_cycle, visible_cycle,
       visible_cycle - issue_cycle AS buffered_cycles
FROM entry_writes;

-- Invalidations from issue to completion: who was slow, what was dropped.
CREATE VIEW shootdowns AS
SELECT i.invalidation, i.operation, i.core AS issuer, i.issue_cycle, i.complete_cycle,
       i.complete_cycle - i.issue_cycle AS cycles,
       (SELECT name FROM codes WHERE domain = 'scope' AND code = i.scope) AS scope,
       IIF(i.list, 'interrupt', IIF(i.broadcast, 'broadcast', 'local')) AS reach, i.list,
       IIF(i.va IS NULL, NULL, printf('0x%x', i.va)) AS va, i.size_bytes, i.asid, i.vmid, i.targets, a.answers, a.entries_dropped, a.walks_settled, a.accesses_settled,
       (SELECT target FROM acknowledgements s WHERE s.invalidation = i.invalidation
        ORDER BY acknowledge_cycle DESC, target LIMIT 1) AS slowest_core,
       a.last_acknowledge - i.issue_cycle AS cycles_to_last_answer
FROM invalidations i
LEFT JOIN (SELECT invalidation, COUNT(*) AS answers, SUM(entries_dropped) AS entries_dropped,
                  SUM(walks_settled) AS walks_settled, SUM(accesses_settled) AS accesses_settled,
                  MAX(acknowledge_cycle) AS last_acknowledge
           FROM acknowledgements GROUP BY invalidation) a USING (invalidation)
ORDER BY i.issue_cycle, i.event;

-- What invalidations cost each core: on its way, waiting for the core and dropping entries, waiting for walks and accesses.
CREATE VIEW shootdown_by_core AS
SELECT a.target AS core, IIF(i.list, 'interrupt', IIF(i.broadcast, 'broadcast', 'local')) AS reach,
       COUNT(*) AS invalidations, SUM(a.target = i.core) AS its_own, SUM(a.entries_dropped) AS entries_dropped,
       SUM(a.walks_settled) AS walks_settled, SUM(a.accesses_settled) AS accesses_settled,
       round(AVG(a.arrive_cycle - i.issue_cycle), 1) AS mean_to_arrive,
       round(AVG(a.drop_cycle - a.arrive_cycle), 1) AS mean_to_drop,
       round(AVG(a.acknowledge_cycle - a.drop_cycle), 1) AS mean_to_settle,
       MAX(a.acknowledge_cycle - a.arrive_cycle) AS most_cycles
FROM acknowledgements a JOIN invalidations i USING (invalidation)
GROUP BY a.target, 2;

-- Interrupts that carried lists of invalidations.
CREATE VIEW interrupt_log AS
SELECT MIN(invalidation) AS first_invalidation, operation, core AS issuer, issue_cycle, MAX(complete_cycle) AS complete_cycle,
       MAX(complete_cycle) - issue_cycle AS cycles, COUNT(*) AS invalidations, MAX(targets) AS targets,
       MIN(printf('0x%x', va)) AS first_va
FROM invalidations WHERE list IS NOT NULL
GROUP BY core, issue_cycle;

-- Cycles of invalidations by scope.
CREATE VIEW shootdown_latency AS
WITH ranked AS (
    SELECT scope, IIF(list, 'interrupt', IIF(broadcast, 'broadcast', 'local')) AS reach,
           complete_cycle - issue_cycle AS cycles,
           ROW_NUMBER() OVER (PARTITION BY scope, broadcast, list IS NULL ORDER BY complete_cycle - issue_cycle) AS place,
           COUNT(*) OVER (PARTITION BY scope, broadcast, list IS NULL) AS invalidations
    FROM invalidations WHERE complete_cycle IS NOT NULL
)
SELECT (SELECT name FROM codes WHERE domain = 'scope' AND code = scope) AS scope,
       reach, invalidations, round(AVG(cycles), 1) AS mean,
       MIN(cycles) AS least, MIN(IIF(place * 100 >= invalidations * 50, cycles, NULL)) AS p50,
       MIN(IIF(place * 100 >= invalidations * 99, cycles, NULL)) AS p99, MAX(cycles) AS most
FROM ranked
GROUP BY ranked.scope, reach;

-- Answers of each core to each invalidation.
CREATE VIEW acknowledgement_log AS
SELECT a.event, a.invalidation, i.operation, a.core AS issuer, a.target, i.issue_cycle, a.arrive_cycle, a.drop_cycle,
       a.acknowledge_cycle, a.cycle AS known_cycle, a.acknowledge_cycle - i.issue_cycle AS cycles, a.entries_dropped,
       a.walks_settled, a.accesses_settled
FROM acknowledgements a LEFT JOIN invalidations i USING (invalidation);

-- Barriers and how long they waited.
CREATE VIEW barrier_log AS
SELECT event, core, operation, (SELECT name FROM codes WHERE domain = 'barrier' AND code = kind) AS kind, begin_cycle,
       cycle AS end_cycle, cycle - begin_cycle AS cycles
FROM barriers;

-- Cycles spent in barriers.
CREATE VIEW barrier_cost AS
SELECT (SELECT name FROM codes WHERE domain = 'barrier' AND code = kind) AS kind, core, COUNT(*) AS barriers,
       SUM(cycle - begin_cycle) AS cycles, round(AVG(cycle - begin_cycle), 1) AS mean, MAX(cycle - begin_cycle) AS most
FROM barriers
GROUP BY barriers.kind, core;

-- The abstract map over time. An access may see a mapping from the first to the last of these cycles, and must see it
-- between the inner two.
CREATE VIEW mapping_log AS
SELECT mapping, space, printf('0x%x', va) AS va, printf('0x%x', pa) AS pa, 1 << size_lg2 AS page_bytes,
       attributes_text AS attributes, map_operation, may_from, must_from, must_until, may_until, remove_operation
FROM mapping_windows LEFT JOIN attribute_names USING (attributes);

-- What tables stood for after each operation.
CREATE VIEW table_view_log AS
SELECT event, cycle, core, operation, space, printf('0x%x', va) AS va, IIF(mapped, 'yes', 'no') AS mapped,
       IIF(mapped, printf('0x%x', mapping_va), NULL) AS mapping_va,
       IIF(mapped, printf('0x%x', mapping_pa), NULL) AS mapping_pa, 1 << mapping_size_lg2 AS page_bytes,
       attributes_text AS attributes, mappings, CASE sound WHEN 1 THEN 'sound' WHEN 0 THEN reason END AS shape, blocks
FROM table_views LEFT JOIN attribute_names ON attribute_names.attributes = mapping_attributes;

-- What the checker that ran along has found.
CREATE VIEW finding_log AS
SELECT finding, rule, cycle, core, space, IIF(va IS NULL, NULL, printf('0x%x', va)) AS va, text, related
FROM checker_findings;
