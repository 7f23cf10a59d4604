-- Everything that happened, in words and in the order of cycles: `WHERE cycle BETWEEN ...`, `WHERE operation = ...`.
-- One event may have several lines, one for each of its cycles.
CREATE VIEW event_log AS
SELECT begin_cycle AS cycle, core, event, 'operation' AS what, operation, NULL AS walk, NULL AS entry,
       NULL AS invalidation,
       printf('%s begins: space %d, va 0x%x%s', (SELECT name FROM codes WHERE domain = 'operation' AND code = kind),
              space, va, IIF(pa IS NULL, '', printf(' -> pa 0x%x, 2^%d bytes', pa, size_lg2))) AS text
FROM operations
UNION ALL
SELECT end_cycle, core, end_event, 'operation', operation, NULL, NULL, NULL,
       printf('%s returns: %s', (SELECT name FROM codes WHERE domain = 'operation' AND code = kind),
              (SELECT name FROM codes WHERE domain = 'result' AND code = result))
FROM operations WHERE end_cycle IS NOT NULL
UNION ALL
SELECT visible_cycle, core, event, 'entry write', operation, walk, NULL, NULL,
       printf('entry 0x%x: 0x%016x becomes 0x%016x (%s in cycle %d)', pa, old_value, new_value,
              IIF(walk IS NULL, 'stored', 'updated by walk ' || walk || ', asked'), issue_cycle)
FROM entry_writes
UNION ALL
SELECT issue_cycle, core, event, 'invalidation', operation, NULL, NULL, invalidation,
       printf('invalidation %d issued: %s%s%s, %s, %d cores', invalidation,
              (SELECT name FROM codes WHERE domain = 'scope' AND code = scope),
              IIF(va IS NULL, '', printf(' 0x%x', va)), IIF(size_bytes IS NULL, '', printf(', %d bytes', size_bytes)),
              IIF(list, 'by interrupt, one of ' || list, IIF(broadcast, 'broadcast', 'local')), targets)
FROM invalidations
UNION ALL
SELECT complete_cycle, core, complete_event, 'invalidation', operation, NULL, NULL, invalidation,
       printf('invalidation %d complete', invalidation)
FROM invalidations WHERE complete_cycle IS NOT NULL
UNION ALL
SELECT a.acknowledge_cycle, a.target, a.event, 'acknowledgement', i.operation, NULL, NULL, a.invalidation,
       printf('invalidation %d acknowledged: arrived %d, dropped %d entries in cycle %d', a.invalidation,
              a.arrive_cycle, a.entries_dropped, a.drop_cycle)
FROM acknowledgements a LEFT JOIN invalidations i ON i.invalidation = a.invalidation
UNION ALL
SELECT cycle, core, event, 'barrier', operation, NULL, NULL, NULL,
       printf('%s ends (began in cycle %d)', (SELECT name FROM codes WHERE domain = 'barrier' AND code = kind), begin_cycle)
FROM barriers
UNION ALL
SELECT cycle, core, event, 'view', operation, NULL, NULL, NULL,
       IIF(mapped, printf('the table maps 0x%x -> 0x%x, 2^%d bytes', mapping_va, mapping_pa, mapping_size_lg2),
                   printf('the table maps nothing at 0x%x', va))
       || IIF(mappings IS NULL, '', printf('; mappings: %d', mappings))
       || IIF(blocks IS NULL, '', printf(', blocks of memory: %d', blocks)) || IIF(sound = 0, '; broken: ' || reason, '')
FROM table_views
UNION ALL
SELECT cycle, core, event, 'table', operation, NULL, NULL, NULL,
       printf('the table of space %d %s 0x%x, %d bytes', space, IIF(released, 'releases', 'is given'), pa, bytes)
FROM table_blocks
UNION ALL
SELECT request_cycle, core, event, 'walk', NULL, walk, NULL, NULL, printf('walk %d for 0x%x wanted', walk, va)
FROM walks
UNION ALL
SELECT grant_cycle, core, event, 'walk step', NULL, walk, NULL, NULL,
       printf('walk %d reads %slevel %d entry 0x%x: 0x%016x', walk, IIF(stage = 2, 'stage 2 ', ''), level, pa, value)
FROM walk_steps
UNION ALL
SELECT cycle, core, event, 'walk', NULL, walk, NULL, NULL,
       printf('walk %d ends: %s%s', walk,
              IIF(fault, (SELECT name FROM codes WHERE domain = 'fault' AND code = fault) || ' fault',
                  printf('0x%x -> 0x%x, 2^%d bytes', leaf_va, leaf_pa, leaf_size_lg2)),
              IIF(filled OR fault, '', ', not filled'))
FROM walks
UNION ALL
SELECT fill_cycle, core, event, 'TLB entry', NULL, walk, entry, NULL,
       printf('%s entry %d filled: 0x%x -> 0x%x, 2^%d bytes',
              (SELECT name FROM codes WHERE domain = 'tlb' AND code = tlb), entry, va, pa, size_lg2)
FROM tlb_entries
UNION ALL
SELECT last_hit_cycle, core, event, 'TLB entry', NULL, walk, entry, NULL,
       printf('%s entry %d hit for the last time (of %d)',
              (SELECT name FROM codes WHERE domain = 'tlb' AND code = tlb), entry, hits)
FROM tlb_entries WHERE last_hit_cycle IS NOT NULL
UNION ALL
SELECT end_cycle, core, event, 'TLB entry', NULL, walk, entry, invalidation,
       printf('%s entry %d ends: %s', (SELECT name FROM codes WHERE domain = 'tlb' AND code = tlb), entry,
              (SELECT name FROM codes WHERE domain = 'end' AND code = end_reason))
FROM tlb_entries
UNION ALL
SELECT fill_cycle, core, event, 'walk cache entry', NULL, walk, entry, NULL,
       printf('%s entry %d filled: %s for 0x%x, 2^%d bytes, at 0x%x',
              (SELECT name FROM codes WHERE domain = 'tlb' AND code = tlb), entry,
              (SELECT name FROM codes WHERE domain = 'holds' AND code = holds), va, size_lg2, pa)
FROM walk_cache_entries
UNION ALL
SELECT last_hit_cycle, core, event, 'walk cache entry', NULL, walk, entry, NULL,
       printf('%s entry %d hit for the last time (of %d)',
              (SELECT name FROM codes WHERE domain = 'tlb' AND code = tlb), entry, hits)
FROM walk_cache_entries WHERE last_hit_cycle IS NOT NULL
UNION ALL
SELECT end_cycle, core, event, 'walk cache entry', NULL, walk, entry, invalidation,
       printf('%s entry %d ends: %s', (SELECT name FROM codes WHERE domain = 'tlb' AND code = tlb), entry,
              (SELECT name FROM codes WHERE domain = 'end' AND code = end_reason))
FROM walk_cache_entries
UNION ALL
SELECT fill_cycle, core, event, 'range', NULL, walk, entry, NULL,
       printf('range %d filled: 0x%x -> 0x%x, %d bytes', entry, va, pa, bytes)
FROM range_entries
UNION ALL
SELECT last_hit_cycle, core, event, 'range', NULL, walk, entry, NULL,
       printf('range %d hit for the last time (of %d)', entry, hits)
FROM range_entries WHERE last_hit_cycle IS NOT NULL
UNION ALL
SELECT end_cycle, core, event, 'range', NULL, walk, entry, invalidation,
       printf('range %d ends: %s', entry, (SELECT name FROM codes WHERE domain = 'end' AND code = end_reason))
FROM range_entries
UNION ALL
SELECT cycle, core, event, 'conflict', NULL, NULL, entry, NULL,
       printf('%d entries match 0x%x; entry %d of %s answers', matches, va, entry,
              (SELECT name FROM codes WHERE domain = 'tlb' AND code = tlb))
FROM conflicts
UNION ALL
SELECT issue_cycle, core, event, 'access', NULL, walk, entry, NULL,
       printf('%s %s of 0x%x issued', (SELECT name FROM codes WHERE domain = 'privilege' AND code = privilege),
              (SELECT name FROM codes WHERE domain = 'access' AND code = access_kind), va)
FROM translations
UNION ALL
SELECT cycle, core, event, 'access', NULL, walk, entry, NULL,
       printf('%s of 0x%x ends: %s', (SELECT name FROM codes WHERE domain = 'access' AND code = access_kind), va,
              IIF(fault, (SELECT name FROM codes WHERE domain = 'fault' AND code = fault) || ' fault' || IIF(fault_code, printf(', code 0x%x', fault_code), ''),
                  printf('%s, pa 0x%x%s', (SELECT name FROM codes WHERE domain = 'outcome' AND code = outcome), pa,
                         IIF(performed_cycle IS NULL, '', printf(', performed in cycle %d', performed_cycle)))))
FROM translations
UNION ALL
SELECT cycle, core, event, 'fault', NULL, NULL, NULL, NULL,
       printf('%s fault at 0x%x, %s', (SELECT name FROM codes WHERE domain = 'fault' AND code = fault), va,
              IIF(code IS NULL, '', printf('code 0x%x, ', code)) || IIF(handled, 'handled', 'not handled'))
FROM faults
UNION ALL
SELECT cycle, core, event, 'context', NULL, NULL, NULL, NULL, printf('switches to space %d, asid %d%s', space, asid, IIF(controls, ', under ' || (SELECT controls_text FROM control_names n WHERE n.controls = c.controls), ''))
FROM contexts c
UNION ALL
SELECT cycle, core, event, 'region', NULL, NULL, NULL, NULL, printf('region %d: %s', region, name) FROM regions;
