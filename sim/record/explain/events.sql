-- What touched the page, each event with the cycles in which it did; those of operations are told by operation.sql.

-- Stores to entries: those of the operations, and all that changed a word on the way of the page's walk.
INSERT INTO story
SELECT w.visible_cycle, w.event, w.core, 'entry write',
       IIF(w.operation IN (SELECT operation FROM acts), NULL, 'stores of others'),
       printf('entry 0x%x becomes 0x%x, was 0x%x: %s', w.pa, w.new_value, w.old_value,
              IIF(w.walk IS NULL,
                  printf('stored in cycle %d%s, visible now', w.issue_cycle, IIF(w.operation IS NULL, '', ' by operation ' || w.operation)),
                  printf('updated by walk %d, asked for in cycle %d', w.walk, w.issue_cycle)))
FROM page p JOIN entry_writes w
WHERE w.operation IN (SELECT operation FROM acts)
   OR (w.pa IN (SELECT pa FROM words) AND w.visible_cycle >= p.from_cycle);

-- Invalidations: of the operations, and all that cover the page.
CREATE TEMP TABLE dropped AS
SELECT i.invalidation
FROM page p JOIN invalidations i
WHERE i.operation IN (SELECT operation FROM acts)
   OR (i.issue_cycle >= p.from_cycle AND i.vmid = p.vmid AND CASE i.scope
           WHEN 0 THEN (i.asid IS p.asid OR EXISTS (SELECT 1 FROM lives WHERE attributes & 16))
                       AND i.va <= p.last_va AND i.va + IFNULL(i.size_bytes, 1) > p.va
           WHEN 1 THEN i.va <= p.last_va AND i.va + IFNULL(i.size_bytes, 1) > p.va
           WHEN 2 THEN i.asid IS p.asid
           WHEN 4 THEN EXISTS (SELECT 1 FROM spaces s WHERE s.stage2 = p.space)
                       AND i.va <= p.last_va AND i.va + IFNULL(i.size_bytes, 1) > p.va
           ELSE 1 END)
   -- of guests: what an operation on the second stage drops of their own translations
   OR (i.issue_cycle >= p.from_cycle AND i.vmid = p.vmid AND i.scope IN (3, 5));
INSERT INTO story
SELECT i.issue_cycle, i.event, i.core, 'invalidation',
       IIF(i.operation IN (SELECT operation FROM acts), NULL, 'other invalidations'),
       printf('invalidation %d issued: %s%s%s, %s, %d core%s to answer', i.invalidation,
              (SELECT name FROM codes WHERE domain = 'scope' AND code = i.scope),
              IIF(i.va IS NULL, '', printf(' 0x%x', i.va)), IIF(i.size_bytes IS NULL, '', printf(', %d bytes', i.size_bytes)),
              IIF(i.list, 'by interrupt, one of ' || i.list, IIF(i.broadcast, 'broadcast', 'local')), i.targets,
              IIF(i.targets = 1, ' has', 's have'))
FROM dropped JOIN invalidations i USING (invalidation)
UNION ALL
SELECT a.drop_cycle, a.event, a.target, 'drop', IIF(a.entries_dropped, NULL, 'drop ' || a.invalidation),
       printf('drops %s for invalidation %d, which arrived in cycle %d%s',
              IIF(a.entries_dropped = 0, 'nothing', IIF(a.entries_dropped = 1, '1 entry', a.entries_dropped || ' entries')),
              a.invalidation, a.arrive_cycle,
              IIF(a.walks_settled, printf('; waits for %d walk%s', a.walks_settled, IIF(a.walks_settled = 1, '', 's')), ''))
FROM dropped JOIN acknowledgements a USING (invalidation) WHERE a.drop_cycle IS NOT NULL
UNION ALL
SELECT a.acknowledge_cycle, a.event, a.target, 'acknowledgement', 'answer ' || a.invalidation,
       printf('acknowledges invalidation %d', a.invalidation)
FROM dropped JOIN acknowledgements a USING (invalidation) WHERE a.acknowledge_cycle IS NOT NULL
UNION ALL
SELECT i.complete_cycle, i.complete_event, i.core, 'invalidation',
       IIF(i.operation IN (SELECT operation FROM acts), NULL, 'other invalidations'), printf('invalidation %d complete', i.invalidation)
FROM dropped JOIN invalidations i USING (invalidation) WHERE i.complete_cycle IS NOT NULL;
-- The barrier after an invalidation that a script made itself.
INSERT INTO story
SELECT l.cycle, l.event, l.core, 'barrier', NULL, l.text
FROM dropped d JOIN invalidations i ON i.invalidation = d.invalidation AND i.operation IS NULL
JOIN event_log l ON l.event = (SELECT MIN(b.event) FROM barriers b WHERE b.core = i.core AND b.cycle >= i.issue_cycle)
WHERE l.what = 'barrier';

-- Walks of the page, with the words that stores of the story changed, and the last one.
CREATE TEMP TABLE walked AS
SELECT w.walk, w.event
FROM page p CROSS JOIN walks w ON +w.space = p.space AND w.va BETWEEN p.va AND p.last_va AND w.cycle >= p.from_cycle
WHERE p.core IS NULL OR w.core = p.core;
INSERT INTO story
SELECT w.request_cycle, IFNULL((SELECT MIN(z.event) FROM walk_steps z WHERE z.walk = w.walk), w.event) - 1, w.core, 'walk', 'walks of core ' || w.core,
       printf('walk %d for 0x%x wanted%s', w.walk, w.va,
              IIF(w.cause, printf(' (%s)', (SELECT name FROM codes WHERE domain = 'cause' AND code = w.cause)), ''))
FROM walked JOIN walks w USING (event)
UNION ALL
SELECT s.grant_cycle, s.event, s.core, 'walk step', 'steps of walk ' || s.walk,
       printf('walk %d reads the %slevel %d entry 0x%x: 0x%x', s.walk, IIF(s.stage = 2, 'stage-2 ', ''), s.level, s.pa, s.value)
FROM walked k JOIN walk_steps s ON s.walk = k.walk
WHERE (SELECT unfolded FROM page) OR s.pa IN (SELECT w.pa FROM acts JOIN entry_writes w USING (operation))
   OR s.event = (SELECT MAX(z.event) FROM walk_steps z WHERE z.walk = s.walk)
UNION ALL
SELECT w.cycle, w.event, w.core, 'walk', 'ends of walks of core ' || w.core || w.fault || IFNULL(w.leaf_pa, ''),
       printf('walk %d ends: %s', w.walk,
              IIF(w.fault, printf('%s fault, level %d%s', (SELECT name FROM codes WHERE domain = 'fault' AND code = w.fault), w.fault_level,
                                  IIF(w.fault_stage = 2, printf(' of stage 2, at intermediate address 0x%x', w.fault_ipa), '')),
                  printf('0x%x -> 0x%x, 2^%d bytes%s', w.leaf_va, w.leaf_pa, w.leaf_size_lg2, IIF(w.filled, '', ', fills no TLB'))))
FROM walked JOIN walks w USING (event);

-- Entries of TLBs; those of walk caches are many, and said in one.
INSERT INTO story
SELECT h.fill_cycle, h.event, h.core, 'fill', IIF(h.holds IN (0, 4), NULL, 'cached tables of core ' || h.core),
       printf('%s entry %d filled%s', h.title, h.entry, IIF(h.walk IS NULL, '', ' by walk ' || h.walk))
FROM holdings h
UNION ALL
SELECT h.last_hit_cycle, h.event, h.core, 'hit', IIF(h.holds IN (0, 4), NULL, 'hits of tables of core ' || h.core),
       printf('%s entry %d hit for the last time (of %d)', h.title, h.entry, h.hits)
FROM holdings h WHERE h.last_hit_cycle IS NOT NULL
UNION ALL
SELECT h.end_cycle, h.event, h.core, 'end', IIF(h.holds IN (0, 4), NULL, 'ends of tables of core ' || h.core),
       printf('%s entry %d ends: %s', h.title, h.entry, h.ended)
FROM holdings h;

-- Accesses, faults and conflicts.
INSERT INTO story
SELECT t.cycle, t.event, t.core, 'access',
       printf('accesses %d %d %d %d %d', t.core, t.access_kind, t.outcome, t.fault, t.entry),
       printf('%s of 0x%x, issued in cycle %d: %s', (SELECT name FROM codes WHERE domain = 'access' AND code = t.access_kind), t.va,
              t.issue_cycle,
              IIF(t.fault, printf('%s fault', (SELECT name FROM codes WHERE domain = 'fault' AND code = t.fault)),
                  printf('%s%s, pa 0x%x%s', (SELECT name FROM codes WHERE domain = 'outcome' AND code = t.outcome),
                         IIF(t.entry IS NULL, IIF(t.walk IS NULL, '', ' ' || t.walk), ' on entry ' || t.entry), t.pa,
                         IIF(t.value IS NULL, '', printf(', value 0x%x', t.value)))))
FROM page p CROSS JOIN translations t ON +t.space = p.space AND t.va BETWEEN p.va AND p.last_va AND t.cycle >= p.from_cycle
WHERE p.core IS NULL OR t.core = p.core;
INSERT INTO story
SELECT l.cycle, l.event, l.core, l.what, 'faults of core ' || l.core, l.text
FROM page p CROSS JOIN faults f ON +f.space = p.space AND f.va BETWEEN p.va AND p.last_va AND f.cycle >= p.from_cycle
JOIN event_log l ON l.event = f.event
WHERE l.what = 'fault' AND (p.core IS NULL OR f.core = p.core)
UNION ALL
SELECT l.cycle, l.event, l.core, l.what, 'conflicts of core ' || l.core, l.text
FROM page p CROSS JOIN conflicts c ON +c.space = p.space AND c.va BETWEEN p.va AND p.last_va AND c.cycle >= p.from_cycle
JOIN event_log l ON l.event = c.event
WHERE l.what = 'conflict' AND (p.core IS NULL OR c.core = p.core);
