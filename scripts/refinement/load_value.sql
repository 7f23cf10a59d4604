-- A load returns what the abstract memory holds. Accesses are ordered by performed_cycle, in which no two to one
-- word are if one of them stores; a forwarded load takes the latest earlier stores of its own core instead. Stores of
-- page-table code are stores. Memory is zero before the first store, and a store of more than 8 bytes makes
-- those after the eighth unknown. Judged at level `all` alone: else stores that hit the TLB have no rows.

-- The common case by a cheap look, since what follows costs much more: a word of which all accesses are of its 8 bytes,
-- one after the other, where each load returns what the one before it loaded or stored, the first one 0. There is nothing
-- else to find in it. These are the other words.
CREATE VIEW questioned_words AS
WITH accesses AS (
    SELECT pa >> 3 AS word, performed_cycle AS moment, access_kind = 1 AS writes,
           pa & 7 = 0 AND size_bytes = 8 AND NOT forwarded AS plain, value
    FROM translations WHERE performed_cycle IS NOT NULL AND access_kind IN (0, 1)
    UNION ALL
    SELECT (pa >> 3) + k.column1, NULL, NULL, 0, NULL
    FROM translations CROSS JOIN (VALUES (1), (2), (3), (4), (5), (6), (7), (8)) k
    WHERE (pa & 7) + size_bytes > 8 AND performed_cycle IS NOT NULL AND access_kind IN (0, 1)
      AND (pa >> 3) + k.column1 <= (pa + size_bytes - 1) >> 3
    UNION ALL
    SELECT pa >> 3, visible_cycle, 1, pa & 7 = 0, new_value FROM entry_writes WHERE visible_cycle IS NOT NULL
)
SELECT DISTINCT word
FROM (SELECT word, NOT plain OR moment <= LAG(moment) OVER before OR (NOT writes AND value <> LAG(value, 1, 0) OVER before)
             AS questioned
      FROM accesses WINDOW before AS (PARTITION BY word ORDER BY moment))
WHERE questioned;

-- Every transaction of these words, cut at words. Byte `b` of the word is byte `b - shift` of the access.
CREATE VIEW memory_pieces AS
WITH questioned AS MATERIALIZED (
    SELECT word FROM questioned_words
), accesses AS NOT MATERIALIZED (
    SELECT event, core, issue_cycle, access, half, access_kind = 1 AS writes, forwarded, pa, size_bytes, value,
           performed_cycle
    FROM translations WHERE performed_cycle IS NOT NULL AND access_kind IN (0, 1)
    UNION ALL
    SELECT event, core, issue_cycle, NULL, 0, 1, 0, pa, 8, new_value, visible_cycle
    FROM entry_writes WHERE visible_cycle IS NOT NULL
), words (k) AS (VALUES (1), (2), (3), (4), (5), (6), (7), (8))
SELECT a.*, pa >> 3 AS word, pa & 7 AS shift FROM accesses a WHERE pa >> 3 IN questioned
UNION ALL
SELECT a.*, (pa >> 3) + k, (pa & 7) - 8 * k
FROM accesses a CROSS JOIN words ON (pa >> 3) + k <= (pa + size_bytes - 1) >> 3
WHERE (pa & 7) + size_bytes > 8;

-- For each piece the last earlier store of every byte of its word, as (moment, unknown, byte): 55, 1 and 8 bits.
CREATE VIEW memory_before AS
WITH moments AS (
    SELECT *, performed_cycle AS moment FROM memory_pieces
), bytes AS (
    SELECT *,
           MAX(IIF(writes AND 0 - shift BETWEEN 0 AND size_bytes - 1, moment << 9
               | IIF(0 - shift < 8, value >> 8 * (0 - shift) & 255, 256), NULL)) OVER earlier AS b0,
           MAX(IIF(writes AND 1 - shift BETWEEN 0 AND size_bytes - 1, moment << 9
               | IIF(1 - shift < 8, value >> 8 * (1 - shift) & 255, 256), NULL)) OVER earlier AS b1,
           MAX(IIF(writes AND 2 - shift BETWEEN 0 AND size_bytes - 1, moment << 9
               | IIF(2 - shift < 8, value >> 8 * (2 - shift) & 255, 256), NULL)) OVER earlier AS b2,
           MAX(IIF(writes AND 3 - shift BETWEEN 0 AND size_bytes - 1, moment << 9
               | IIF(3 - shift < 8, value >> 8 * (3 - shift) & 255, 256), NULL)) OVER earlier AS b3,
           MAX(IIF(writes AND 4 - shift BETWEEN 0 AND size_bytes - 1, moment << 9
               | IIF(4 - shift < 8, value >> 8 * (4 - shift) & 255, 256), NULL)) OVER earlier AS b4,
           MAX(IIF(writes AND 5 - shift BETWEEN 0 AND size_bytes - 1, moment << 9
               | IIF(5 - shift < 8, value >> 8 * (5 - shift) & 255, 256), NULL)) OVER earlier AS b5,
           MAX(IIF(writes AND 6 - shift BETWEEN 0 AND size_bytes - 1, moment << 9
               | IIF(6 - shift < 8, value >> 8 * (6 - shift) & 255, 256), NULL)) OVER earlier AS b6,
           MAX(IIF(writes AND 7 - shift BETWEEN 0 AND size_bytes - 1, moment << 9
               | IIF(7 - shift < 8, value >> 8 * (7 - shift) & 255, 256), NULL)) OVER earlier AS b7,
           SUM(writes) OVER (PARTITION BY word, moment) - writes AS ties
    FROM moments
    WINDOW earlier AS (PARTITION BY word ORDER BY moment RANGE BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
)
SELECT *,
       IIF(0 - shift BETWEEN 0 AND MIN(size_bytes, 8) - 1, (IFNULL(b0, 0) & 255) << 8 * (0 - shift), 0)
             + IIF(1 - shift BETWEEN 0 AND MIN(size_bytes, 8) - 1, (IFNULL(b1, 0) & 255) << 8 * (1 - shift), 0)
             + IIF(2 - shift BETWEEN 0 AND MIN(size_bytes, 8) - 1, (IFNULL(b2, 0) & 255) << 8 * (2 - shift), 0)
             + IIF(3 - shift BETWEEN 0 AND MIN(size_bytes, 8) - 1, (IFNULL(b3, 0) & 255) << 8 * (3 - shift), 0)
             + IIF(4 - shift BETWEEN 0 AND MIN(size_bytes, 8) - 1, (IFNULL(b4, 0) & 255) << 8 * (4 - shift), 0)
             + IIF(5 - shift BETWEEN 0 AND MIN(size_bytes, 8) - 1, (IFNULL(b5, 0) & 255) << 8 * (5 - shift), 0)
             + IIF(6 - shift BETWEEN 0 AND MIN(size_bytes, 8) - 1, (IFNULL(b6, 0) & 255) << 8 * (6 - shift), 0)
             + IIF(7 - shift BETWEEN 0 AND MIN(size_bytes, 8) - 1, (IFNULL(b7, 0) & 255) << 8 * (7 - shift), 0) AS expected,
       (0 - shift BETWEEN 0 AND MIN(size_bytes, 8) - 1 AND b0 & 256)
             OR (1 - shift BETWEEN 0 AND MIN(size_bytes, 8) - 1 AND b1 & 256)
             OR (2 - shift BETWEEN 0 AND MIN(size_bytes, 8) - 1 AND b2 & 256)
             OR (3 - shift BETWEEN 0 AND MIN(size_bytes, 8) - 1 AND b3 & 256)
             OR (4 - shift BETWEEN 0 AND MIN(size_bytes, 8) - 1 AND b4 & 256)
             OR (5 - shift BETWEEN 0 AND MIN(size_bytes, 8) - 1 AND b5 & 256)
             OR (6 - shift BETWEEN 0 AND MIN(size_bytes, 8) - 1 AND b6 & 256)
             OR (7 - shift BETWEEN 0 AND MIN(size_bytes, 8) - 1 AND b7 & 256) AS unknown
FROM bytes;

-- The same in program order and by core: what a store buffer may forward.
CREATE VIEW memory_own AS
WITH moments AS (
    SELECT p.*, ROW_NUMBER() OVER (PARTITION BY core ORDER BY issue_cycle, access, half, word) AS moment
    FROM memory_pieces p
    WHERE EXISTS (SELECT 1 FROM translations WHERE forwarded)
), bytes AS (
    SELECT *,
           MAX(IIF(writes AND 0 - shift BETWEEN 0 AND size_bytes - 1, moment << 9
               | IIF(0 - shift < 8, value >> 8 * (0 - shift) & 255, 256), NULL)) OVER earlier AS b0,
           MAX(IIF(writes AND 1 - shift BETWEEN 0 AND size_bytes - 1, moment << 9
               | IIF(1 - shift < 8, value >> 8 * (1 - shift) & 255, 256), NULL)) OVER earlier AS b1,
           MAX(IIF(writes AND 2 - shift BETWEEN 0 AND size_bytes - 1, moment << 9
               | IIF(2 - shift < 8, value >> 8 * (2 - shift) & 255, 256), NULL)) OVER earlier AS b2,
           MAX(IIF(writes AND 3 - shift BETWEEN 0 AND size_bytes - 1, moment << 9
               | IIF(3 - shift < 8, value >> 8 * (3 - shift) & 255, 256), NULL)) OVER earlier AS b3,
           MAX(IIF(writes AND 4 - shift BETWEEN 0 AND size_bytes - 1, moment << 9
               | IIF(4 - shift < 8, value >> 8 * (4 - shift) & 255, 256), NULL)) OVER earlier AS b4,
           MAX(IIF(writes AND 5 - shift BETWEEN 0 AND size_bytes - 1, moment << 9
               | IIF(5 - shift < 8, value >> 8 * (5 - shift) & 255, 256), NULL)) OVER earlier AS b5,
           MAX(IIF(writes AND 6 - shift BETWEEN 0 AND size_bytes - 1, moment << 9
               | IIF(6 - shift < 8, value >> 8 * (6 - shift) & 255, 256), NULL)) OVER earlier AS b6,
           MAX(IIF(writes AND 7 - shift BETWEEN 0 AND size_bytes - 1, moment << 9
               | IIF(7 - shift < 8, value >> 8 * (7 - shift) & 255, 256), NULL)) OVER earlier AS b7
    FROM moments
    WINDOW earlier AS (PARTITION BY core, word ORDER BY moment ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
)
SELECT *,
       IIF(0 - shift BETWEEN 0 AND MIN(size_bytes, 8) - 1, (IFNULL(b0, 0) & 255) << 8 * (0 - shift), 0)
             + IIF(1 - shift BETWEEN 0 AND MIN(size_bytes, 8) - 1, (IFNULL(b1, 0) & 255) << 8 * (1 - shift), 0)
             + IIF(2 - shift BETWEEN 0 AND MIN(size_bytes, 8) - 1, (IFNULL(b2, 0) & 255) << 8 * (2 - shift), 0)
             + IIF(3 - shift BETWEEN 0 AND MIN(size_bytes, 8) - 1, (IFNULL(b3, 0) & 255) << 8 * (3 - shift), 0)
             + IIF(4 - shift BETWEEN 0 AND MIN(size_bytes, 8) - 1, (IFNULL(b4, 0) & 255) << 8 * (4 - shift), 0)
             + IIF(5 - shift BETWEEN 0 AND MIN(size_bytes, 8) - 1, (IFNULL(b5, 0) & 255) << 8 * (5 - shift), 0)
             + IIF(6 - shift BETWEEN 0 AND MIN(size_bytes, 8) - 1, (IFNULL(b6, 0) & 255) << 8 * (6 - shift), 0)
             + IIF(7 - shift BETWEEN 0 AND MIN(size_bytes, 8) - 1, (IFNULL(b7, 0) & 255) << 8 * (7 - shift), 0) AS expected,
       (0 - shift BETWEEN 0 AND MIN(size_bytes, 8) - 1 AND b0 & 256)
             OR (1 - shift BETWEEN 0 AND MIN(size_bytes, 8) - 1 AND b1 & 256)
             OR (2 - shift BETWEEN 0 AND MIN(size_bytes, 8) - 1 AND b2 & 256)
             OR (3 - shift BETWEEN 0 AND MIN(size_bytes, 8) - 1 AND b3 & 256)
             OR (4 - shift BETWEEN 0 AND MIN(size_bytes, 8) - 1 AND b4 & 256)
             OR (5 - shift BETWEEN 0 AND MIN(size_bytes, 8) - 1 AND b5 & 256)
             OR (6 - shift BETWEEN 0 AND MIN(size_bytes, 8) - 1 AND b6 & 256)
             OR (7 - shift BETWEEN 0 AND MIN(size_bytes, 8) - 1 AND b7 & 256) AS unknown,
       (0 - shift BETWEEN 0 AND MIN(size_bytes, 8) - 1 AND b0 IS NULL)
             OR (1 - shift BETWEEN 0 AND MIN(size_bytes, 8) - 1 AND b1 IS NULL)
             OR (2 - shift BETWEEN 0 AND MIN(size_bytes, 8) - 1 AND b2 IS NULL)
             OR (3 - shift BETWEEN 0 AND MIN(size_bytes, 8) - 1 AND b3 IS NULL)
             OR (4 - shift BETWEEN 0 AND MIN(size_bytes, 8) - 1 AND b4 IS NULL)
             OR (5 - shift BETWEEN 0 AND MIN(size_bytes, 8) - 1 AND b5 IS NULL)
             OR (6 - shift BETWEEN 0 AND MIN(size_bytes, 8) - 1 AND b6 IS NULL)
             OR (7 - shift BETWEEN 0 AND MIN(size_bytes, 8) - 1 AND b7 IS NULL) AS missing
FROM bytes
WHERE forwarded;

CREATE VIEW rule_load_value AS
WITH loads AS (
    SELECT event, SUM(expected) AS expected, MAX(IFNULL(unknown, 0) OR ties > 0) AS unknown, 0 AS missing
    FROM memory_before WHERE NOT writes AND NOT forwarded GROUP BY event
    UNION ALL
    SELECT event, SUM(expected), MAX(IFNULL(unknown, 0)), MAX(IFNULL(missing, 0))
    FROM memory_own GROUP BY event
)
SELECT 'load_value' AS rule, t.event, t.cycle, t.core, t.space, t.va,
       IIF(l.missing,
           printf('a load of %d bytes at physical 0x%x was forwarded, though its core had not stored there', t.size_bytes, t.pa),
           printf('a load of %d bytes at physical 0x%x returned 0x%x, %s 0x%x', t.size_bytes, t.pa, t.value,
                  IIF(t.forwarded, 'its core had stored', 'memory held'), l.expected)) AS explanation,
       NULL AS operation, t.walk, t.entry, NULL AS invalidation, NULL AS mapping
FROM loads l JOIN translations t ON t.event = l.event
WHERE (SELECT level FROM runs) = 2
  AND (l.missing OR (NOT l.unknown AND t.value & IIF(t.size_bytes >= 8, -1, (1 << 8 * t.size_bytes) - 1) <> l.expected));
