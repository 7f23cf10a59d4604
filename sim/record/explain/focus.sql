-- What a story is about: one address of one address space at one moment. `focus` has one row, which the program put
-- there: space, va, cycle (the moment), core (NULL: all), unfolded (1: leave nothing out).

-- The mappings that held the address: the last two before that of the moment, that one, and the next; all, unfolded.
CREATE TEMP TABLE lives AS
WITH RECURSIVE sizes (size_lg2) AS (SELECT 0 UNION ALL SELECT size_lg2 + 1 FROM sizes WHERE size_lg2 < 62),
held AS (
    SELECT m.*, ROW_NUMBER() OVER (ORDER BY m.may_from, m.mapping) AS number
    FROM focus f CROSS JOIN sizes z CROSS JOIN mapping_windows m
      ON m.space = f.space AND m.va = f.va & ~((1 << z.size_lg2) - 1) AND m.size_lg2 = z.size_lg2
), moment AS (
    SELECT IFNULL(MAX(IIF(may_from <= (SELECT cycle FROM focus), number, NULL)), 1) AS number FROM held
)
SELECT h.*, h.number = o.number AS of_the_moment, (SELECT COUNT(*) FROM held) AS held,
       CASE WHEN f.cycle < h.may_from THEN 'not there yet'
            WHEN f.cycle <= IFNULL(h.must_from, 0x7fffffffffffffff) AND h.must_from IS NOT 0 THEN 'possibly there: the operation that made it was under way'
            WHEN f.cycle < IFNULL(h.must_until, 0x7fffffffffffffff) THEN 'certainly there'
            WHEN f.cycle <= IFNULL(h.may_until, 0x7fffffffffffffff) THEN 'possibly there: the operation that ended it was under way'
            ELSE 'no longer there' END AS at_the_moment
FROM held h CROSS JOIN moment o CROSS JOIN focus f
WHERE f.unfolded OR h.number BETWEEN o.number - 2 AND o.number + 1;

-- The page that the story is about: that of the mapping, or the smallest one of the format.
CREATE TEMP TABLE page AS
SELECT f.space, f.va AS address, f.cycle, f.core, f.unfolded, s.asid, s.vmid, s.stage2, s.root, s.format,
       IFNULL(l.va, f.va & ~((s.frame_sizes & -s.frame_sizes) - 1)) AS va,
       IFNULL(l.last_va, f.va | ((s.frame_sizes & -s.frame_sizes) - 1)) AS last_va,
       IFNULL((SELECT MIN(o.begin_cycle) FROM lives p JOIN operations o ON o.operation = p.map_operation), 0) AS from_cycle,
       IFNULL((SELECT s2.format FROM spaces s2 WHERE s2.space = s.stage2), '') AS stage2_format
FROM focus f JOIN spaces s ON s.space = f.space LEFT JOIN lives l ON l.of_the_moment;

-- Where the moment lies among the events of walks: `after_event` is the first number of those whose values came after it, and a
-- word that was read by then had come before `come_event` (mmu/config.h: no memory takes longer). Events are numbered in
-- the order of cycles, so a search by halves finds both: a word's nearest reads are near, an index by words would be larger
-- than the table's own.
CREATE TEMP TABLE moment AS
WITH RECURSIVE sides (come, cycle) AS (SELECT 0, cycle FROM focus UNION ALL SELECT 1, cycle + (1 << 22) FROM focus),
search (come, cycle, at, stride) AS (
    SELECT come, cycle, 0, 1 << 48 FROM sides
    UNION ALL
    SELECT come, cycle, at + IIF((SELECT s.cycle FROM walk_steps s WHERE s.event >= at + stride ORDER BY s.event LIMIT 1) <= search.cycle,
                                 stride, 0), stride >> 1
    FROM search WHERE stride
)
SELECT MAX(IIF(come, NULL, at + 1)) AS after_event, MAX(IIF(come, at + 1, NULL)) AS come_event FROM search WHERE NOT stride;

-- Operations on the page.
CREATE TEMP TABLE acts AS
SELECT map_operation AS operation FROM lives
UNION SELECT remove_operation FROM lives WHERE remove_operation IS NOT NULL
UNION SELECT o.operation FROM page p CROSS JOIN operations o
      ON o.space = p.space AND o.va BETWEEN p.va AND p.last_va AND o.begin_cycle >= p.from_cycle;
-- And those of the second stage, on the intermediate page.
INSERT INTO acts
WITH RECURSIVE sizes (size_lg2) AS (SELECT 12 UNION ALL SELECT size_lg2 + 1 FROM sizes WHERE size_lg2 < 48)
SELECT DISTINCT o.operation
FROM page p CROSS JOIN lives l ON l.of_the_moment CROSS JOIN sizes z CROSS JOIN operations o
  ON o.space = p.stage2 AND o.va = (l.pa + (p.address - l.va)) & ~((1 << z.size_lg2) - 1)
WHERE o.begin_cycle >= p.from_cycle AND (o.size_lg2 IS NULL OR o.size_lg2 >= z.size_lg2)
  AND o.operation NOT IN (SELECT operation FROM acts);

-- Words of memory that the page's translation is read from: the program puts those there that a walk would read.
CREATE TEMP TABLE words (
    place INTEGER PRIMARY KEY, stage INTEGER, level INTEGER, ipa INTEGER, pa INTEGER, value INTEGER, source TEXT
);

-- What happened: `fold` is the same for lines of which many are said in one.
CREATE TEMP TABLE story (cycle INTEGER, event INTEGER, core INTEGER, what TEXT, fold TEXT, text TEXT);

-- The rules that name the page, or the moment: as the checker tells it that ran along, or SQL, which takes longer, where none did.
CREATE TEMP TABLE broken (judge TEXT, rule TEXT, cycle INTEGER, core INTEGER, va INTEGER, explanation TEXT);
INSERT INTO broken
SELECT 'checker', c.rule, c.cycle, c.core, c.va, c.text || IIF(IFNULL(c.related, '') = '', '', '; ' || c.related)
FROM page p JOIN checker_findings c ON c.space = p.space AND (c.va BETWEEN p.va AND p.last_va OR c.cycle = p.cycle);
INSERT INTO broken
SELECT 'sql', v.rule, v.cycle, v.core, v.va, v.explanation
FROM runs r CROSS JOIN page p CROSS JOIN violations v -- in this order: no rule is asked in vain
WHERE NOT r.checked AND v.space = p.space AND v.va BETWEEN p.va AND p.last_va;
