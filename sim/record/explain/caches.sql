-- What TLBs, range TLBs and walk caches held for the page, each entry with its life. An entry is there from its fill to
-- its end, that cycle not included, unless the run ended with it. The `+` before a column keeps SQLite from making an index
-- of a whole table for one look-up, which takes twenty times as long as reading it (here and in events.sql).
CREATE TEMP TABLE holdings AS
WITH held AS (
    SELECT e.event, e.core, e.tlb, e.entry, 0 AS holds, e.space, e.va, e.pa, e.size_lg2, e.attributes, e.walk, e.fill_cycle,
           e.first_hit_cycle, e.last_hit_cycle, e.hits, e.end_cycle, e.end_reason, e.invalidation
    FROM page p CROSS JOIN tlb_entries e
      ON e.va BETWEEN p.va - (1 << e.size_lg2) + 1 AND p.last_va AND +e.vmid = p.vmid
     AND (e.space = p.space OR (e.attributes & 16) OR e.asid = p.asid)
    UNION ALL
    SELECT e.event, e.core, e.tlb, e.entry, 4, e.space, e.va, e.pa, NULL, e.attributes, e.walk, e.fill_cycle,
           e.first_hit_cycle, e.last_hit_cycle, e.hits, e.end_cycle, e.end_reason, e.invalidation
    FROM page p CROSS JOIN range_entries e
      ON e.va <= p.last_va AND e.va + e.bytes > p.va AND +e.vmid = p.vmid AND (e.space = p.space OR e.asid = p.asid)
    UNION ALL
    SELECT e.event, e.core, e.tlb, e.entry, e.holds, e.space, e.va, e.pa, e.size_lg2, e.attributes, e.walk, e.fill_cycle,
           e.first_hit_cycle, e.last_hit_cycle, e.hits, e.end_cycle, e.end_reason, e.invalidation
    FROM page p CROSS JOIN walk_cache_entries e
      ON e.va BETWEEN p.va - (1 << e.size_lg2) + 1 AND p.last_va AND +e.vmid = p.vmid
     AND IIF((SELECT COUNT(*) FROM spaces s WHERE s.stage2 = p.space) > 0, e.holds > 1,
             e.holds = 1 AND (e.space = p.space OR e.asid = p.asid))
)
SELECT h.*, a.title, h.fill_cycle <= p.cycle AND (h.end_cycle > p.cycle OR (h.end_cycle = p.cycle AND h.end_reason = 2)) AS there,
       (SELECT name FROM codes WHERE domain = 'end' AND code = h.end_reason)
           || IIF(h.invalidation IS NULL, '', ' by invalidation ' || h.invalidation) AS ended
FROM held h JOIN page p
JOIN (SELECT code AS tlb, name AS title FROM codes WHERE domain = 'tlb') a ON a.tlb = h.tlb
WHERE (h.end_cycle >= p.from_cycle OR p.unfolded) AND (p.core IS NULL OR h.core = p.core);

-- For each array of each core: what it holds at the moment, or else what it held last before.
CREATE TEMP TABLE held_at_the_moment AS
SELECT h.core, h.title, h.tlb, h.entry, h.holds, h.there, h.fill_cycle,
       CASE h.holds WHEN 1 THEN printf('the table at 0x%x for 0x%x, 2^%d bytes', h.pa, h.va, h.size_lg2)
                    WHEN 2 THEN printf('the stage-2 table at 0x%x for 0x%x, 2^%d bytes', h.pa, h.va, h.size_lg2)
                    WHEN 4 THEN printf('a range from 0x%x -> 0x%x on', h.va, h.pa)
                    ELSE printf('0x%x -> 0x%x, 2^%d bytes, %s', h.va, h.pa, h.size_lg2,
                                (SELECT attributes_text FROM attribute_names n WHERE n.attributes = h.attributes)) END AS held,
       printf('filled in cycle %d%s', h.fill_cycle, IIF(h.walk IS NULL, '', ' by walk ' || h.walk)) AS filled,
       CASE WHEN h.hits = 0 THEN 'never hit'
            WHEN h.hits = 1 THEN printf('hit once, in cycle %d', h.last_hit_cycle)
            ELSE printf('%d hits, in cycles %d to %d', h.hits, h.first_hit_cycle, h.last_hit_cycle) END AS hits,
       printf('%s in cycle %d', h.ended, h.end_cycle) AS ended
FROM (SELECT x.*, ROW_NUMBER() OVER (PARTITION BY x.core, x.tlb, x.holds, IIF(x.there, x.entry, 0) ORDER BY x.fill_cycle DESC) AS newest,
             MAX(x.there) OVER (PARTITION BY x.core, x.tlb, x.holds) AS any_there
      FROM holdings x JOIN page p WHERE x.fill_cycle <= p.cycle) h
WHERE h.there OR (NOT h.any_there AND h.newest = 1);
