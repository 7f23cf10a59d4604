-- When pages are live tables of Arm formats, for the rules about break-before-make: by stores and operations alone. Run after
-- windows.sql, and like it: when a run ends, and again when its record is checked. What is found is looked up by page and event, from
-- the side that begins later: so the time grows with the stores and with the times that pages become tables, not with their product.
-- Codes: operation 0 map, 1 unmap; result 0 ok.

-- Where the second stages of guests had what intermediate addresses: from the call of a map until the return of an unmap.
INSERT OR IGNORE INTO guest_frames
SELECT o.size_lg2, o.pa, o.space, o.operation, o.va, o.event,
       CASE WHEN o.result <> 0 THEN o.end_event
            ELSE IFNULL((SELECT MIN(u.end_event) FROM operations u
                         WHERE u.space = o.space AND u.va = o.va AND u.kind = 1 AND u.result = 0 AND u.operation > o.operation),
                        0x7fffffffffffffff) END
FROM operations o
WHERE o.kind = 0 AND o.space IN (SELECT memory FROM arm_levels WHERE memory <> 0);

-- Stores by page, and the next store to the same word.
INSERT OR IGNORE INTO table_stores
SELECT memory, pa >> 12, event, pa, old_value, new_value,
       LEAD(event, 1, 0x7fffffffffffffff) OVER (PARTITION BY memory, pa ORDER BY event), walk IS NULL
FROM (SELECT 0 AS memory, event, pa, old_value, new_value, walk FROM entry_writes WHERE EXISTS (SELECT 1 FROM arm_levels)
      UNION ALL
      SELECT DISTINCT f.memory, w.event, f.ipa + w.pa - f.pa, w.old_value, w.new_value, w.walk
      FROM (SELECT DISTINCT size_lg2 FROM guest_frames) z CROSS JOIN entry_writes w
      CROSS JOIN guest_frames f ON f.size_lg2 = z.size_lg2 AND f.pa = w.pa & -(1 << z.size_lg2)
      WHERE f.from_event < w.event AND f.until_event > w.event);

-- Words that point to tables (type 3; what is one at level 3 is a leaf), from the store that changes where to until the next that does:
-- for each granule, whose tables have addresses of their own alignment.
INSERT INTO table_pointers
SELECT memory, page_lg2, page, event, pa, next_event, new_value & 0xfffffffff000 & -(1 << page_lg2), software
FROM (SELECT *, LEAD(event, 1, 0x7fffffffffffffff) OVER (PARTITION BY page_lg2, memory, pa ORDER BY event) AS next_event
      FROM (SELECT DISTINCT page_lg2 FROM arm_levels) CROSS JOIN table_stores
      WHERE old_value <> new_value
        AND NOT (old_value & new_value & 3 = 3
                 AND (old_value | new_value) & ~(old_value & new_value) & 0xfffffffff000 & -(1 << page_lg2) = 0))
WHERE new_value & 3 = 3;

CREATE INDEX live_tables_by_page ON live_tables (memory, pa, from_event);
CREATE INDEX live_tables_by_page_end ON live_tables (memory, pa, until_event);
CREATE INDEX live_tables_by_end ON live_tables (until_event);
CREATE INDEX live_tables_by_entry ON live_tables (parent, entry_pa);

-- Level by level, downwards.
INSERT INTO live_tables
SELECT NULL, NULL, memory, space, level, pa, bytes, NULL, va, level, from_event, 0x7fffffffffffffff, 0x7fffffffffffffff, 0x7fffffffffffffff
FROM root_tables WHERE level = 0;
INSERT INTO live_tables SELECT NULL, * FROM tables_below
UNION ALL SELECT NULL, NULL, memory, space, level, pa, bytes, NULL, va, level, from_event, 0x7fffffffffffffff, 0x7fffffffffffffff, 0x7fffffffffffffff
FROM root_tables WHERE level = 1;
INSERT INTO live_tables SELECT NULL, * FROM tables_below
UNION ALL SELECT NULL, NULL, memory, space, level, pa, bytes, NULL, va, level, from_event, 0x7fffffffffffffff, 0x7fffffffffffffff, 0x7fffffffffffffff
FROM root_tables WHERE level = 2;
INSERT INTO live_tables SELECT NULL, * FROM tables_below
UNION ALL SELECT NULL, NULL, memory, space, level, pa, bytes, NULL, va, level, from_event, 0x7fffffffffffffff, 0x7fffffffffffffff, 0x7fffffffffffffff
FROM root_tables WHERE level = 3;
