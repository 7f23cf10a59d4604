-- The memory that a table holds, given and not given back, is what it reaches: nothing is lost, nothing is linked after
-- its release, and nothing is released that it does not hold.

-- One number for a block of memory, as `mapping_digests` has it for a mapping, with the size in the place of the frame.
CREATE VIEW block_digests AS
SELECT event, (((page & 0x7fffffff) * (page & 0x7fffffff) >> 16 & 0x7fffffff) + 1)
            * (((what & 0x7fffffff) * (what & 0x7fffffff) >> 16 & 0x7fffffff) + 1) >> 24 AS digest
FROM (SELECT event, ((pa & 0x7fffffff) * 1779033703 >> 16) + ((pa >> 31 & 0x7fffffff) * 1359893119 >> 16) AS page,
             ((bytes & 0x7fffffff) * 1541459225 >> 16) + ((bytes >> 31 & 0x7fffffff) * 528734635 >> 16) AS what
      FROM table_blocks);

-- Each block given or given back, with what its space held at this address before.
CREATE VIEW block_turns AS
SELECT b.*, d.digest, LAG(b.bytes) OVER turns AS bytes_before,
       IFNULL(LAG(b.released) OVER turns = 0, 0) AS held, LAG(d.digest) OVER turns AS digest_before
FROM table_blocks b JOIN block_digests d ON d.event = b.event
WINDOW turns AS (PARTITION BY b.space, b.pa ORDER BY b.event);

CREATE VIEW rule_lost_table AS
SELECT 'lost_table' AS rule, v.event, v.cycle, v.core, v.space, v.va,
       printf('%s the table holds %d blocks of memory, but reaches %s%d%s',
              IIF(v.operation, printf('after operation %d', v.operation), 'when the run had ended'), w.blocks,
              IIF(v.blocks < w.blocks, 'only ', ''), v.blocks, IIF(v.blocks = w.blocks, ', some of which are others', ''))
           AS explanation,
       v.operation, NULL AS walk, NULL AS entry, NULL AS invalidation, NULL AS mapping
FROM table_views v JOIN view_windows w ON w.event = v.event
WHERE w.quiet AND (v.blocks <> w.blocks OR v.blocks_digest <> w.blocks_digest)
UNION ALL
SELECT 'lost_table', t.event, t.cycle, t.core, t.space, IFNULL(o.va, 0),
       printf('the table %s 0x%x, %d bytes, which it %s', IIF(t.released, 'releases', 'is given'), t.pa, t.bytes,
              CASE WHEN NOT t.released THEN 'holds already' WHEN t.held THEN 'was given with another size'
                   ELSE 'does not hold' END),
       t.operation, NULL, NULL, NULL, NULL
FROM block_turns t LEFT JOIN operations o ON o.operation = t.operation
WHERE IIF(t.released, NOT t.held OR t.bytes <> t.bytes_before, t.held);
