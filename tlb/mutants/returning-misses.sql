-- A page that is used before each of P others, which come once, over N entries. Tree pseudo-LRU: a use turns the root's bit away from
-- its half, so the next victim lies in the other half and is not this page; it misses once, the others once each: P + 1.
-- First in, first out: the page leaves when N others have come since it was filled, so it misses ceil(P / N) times: P + ceil(P / N).
SELECT pages - 1 + IIF(replacement = 'fifo', (pages - 1 + entries - 1) / entries, 1) AS expected,
       (SELECT sum(value) FROM counters WHERE name = 'l1d.misses') AS measured
FROM (SELECT (SELECT count(DISTINCT va) FROM translations) AS pages,
             (SELECT CAST(value AS INTEGER) FROM configuration WHERE name = 'tlb.l1d.entries') AS entries,
             (SELECT value FROM configuration WHERE name = 'tlb.l1d.replacement') AS replacement)
