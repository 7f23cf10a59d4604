-- Of a load that is alone in the machine: the latencies of both levels, and that of memory for each fetch, one after the other.
WITH setting (name, value) AS (SELECT name, CAST(value AS INTEGER) FROM configuration)
SELECT (SELECT sum(value) FROM setting WHERE name IN ('tlb.l1d.latency', 'tlb.l2.latency'))
       + 4 * (SELECT value FROM setting WHERE name = 'memory.latency') AS expected,
       translated_cycle - issue_cycle AS measured
FROM translations WHERE outcome = 2
