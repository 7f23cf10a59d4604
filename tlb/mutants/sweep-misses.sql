-- A cyclic sweep of P pages over N entries, LRU: if P <= N, each page misses once; else the page that comes next is always the
-- one that left last, and every access misses. Of the first level, and in the same way of the second, which sees the first's misses.
-- Tree pseudo-LRU of two ways is LRU.
WITH level (name) AS (VALUES ('l1d'), ('l2')), seen AS (
    SELECT name, CAST((SELECT value FROM configuration WHERE configuration.name = 'tlb.' || level.name || '.entries') AS INTEGER)
           AS entries, (SELECT count(DISTINCT va) FROM translations) AS pages,
           (SELECT sum(value) FROM counters WHERE counters.name = level.name || '.lookups') AS accesses
    FROM level)
SELECT IIF(pages <= entries, pages, accesses) AS expected,
       (SELECT sum(value) FROM counters WHERE counters.name = seen.name || '.misses') AS measured
FROM seen
UNION ALL
SELECT count(*), (SELECT sum(value) FROM counters WHERE name = 'l1d.lookups') FROM translations
