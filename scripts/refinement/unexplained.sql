-- What hardware used (a translation, a TLB entry, the result of a walk) although no mapping explains it: none of
-- the same page, size, frame and rights (of entries and walks, attributes too) that could be seen whenever it was used.
-- Three rules say why.
--
-- A use that starts when the window of a removal has ended (in the same cycle, too: invalidations drop before
-- accesses issue) sees the state after it, and one that started before must be complete by then.
-- A global mapping (attribute 16) explains uses in every address space of its virtual machine, since its entry serves all
-- of them; but not where the space had a mapping of its own throughout.
-- Uses in spaces with a second stage are explained by pairs of mappings: guests.sql.

-- The three kinds of use. What explains one may begin until `begun_by` and may not end before `held_until`.
CREATE VIEW raw_translation_uses AS
SELECT 'translation' AS source, event, cycle, core, space, vmid, va,
       va & ~((1 << page_size_lg2) - 1) AS page, page_size_lg2 AS size_lg2, pa - (va & ((1 << page_size_lg2) - 1)) AS frame,
       rights, NULL AS attributes, issue_cycle AS used_from, MAX(cycle, IFNULL(performed_cycle, 0)) AS used_until,
       MAX(cycle, IFNULL(performed_cycle, 0)) AS begun_by, MAX(issue_cycle + 1, cycle, IFNULL(performed_cycle, 0)) AS held_until,
       walk, entry
FROM translations WHERE fault = 0;

CREATE VIEW raw_entry_uses AS
SELECT 'entry' AS source, event, cycle, core, space, vmid, va, va AS page, size_lg2, pa AS frame, rights, attributes,
       fill_cycle AS used_from, MAX(fill_cycle, IFNULL(last_hit_cycle, 0), IFNULL(last_done_cycle, 0)) AS used_until,
       fill_cycle AS begun_by, MAX(fill_cycle, IFNULL(last_hit_cycle, -1) + 1, IFNULL(last_done_cycle, 0)) AS held_until,
       walk, entry
FROM tlb_entries;

-- (A walk that filled nothing may end late, if it began in time: who waited for it is judged for himself.)
CREATE VIEW raw_walk_uses AS
SELECT 'walk' AS source, event, cycle, core, space, vmid, va, leaf_va AS page, leaf_size_lg2 AS size_lg2, leaf_pa AS frame,
       leaf_rights AS rights, leaf_attributes AS attributes, IIF(filled, cycle, IFNULL(start_cycle, cycle)) AS used_from,
       cycle AS used_until, cycle AS begun_by, IIF(filled, cycle, IFNULL(start_cycle, cycle)) AS held_until, walk, NULL AS entry
FROM walks WHERE fault = 0;

-- Where TLBs hold the entries of contiguous runs one by one (DDI 0487, D8.7.1: a run need not be cached as one; likewise RISC-V
-- Privileged, Svnapot): the sizes of the runs of each space of one stage, and of one of their entries.
CREATE VIEW run_sizes AS
WITH RECURSIVE bits (n) AS (SELECT 12 UNION ALL SELECT n + 1 FROM bits WHERE n < 48)
SELECT s.space, r.n AS size_lg2,
       (SELECT MAX(p.n) FROM bits p WHERE p.n < r.n AND (s.frame_sizes & ~s.run_sizes) >> p.n & 1) AS part_lg2
FROM spaces s JOIN bits r ON s.run_sizes >> r.n & 1
WHERE s.stage2 IS NULL
  AND (SELECT value FROM configuration WHERE name = 'adversary.split') = 'true'
  AND (SELECT value FROM configuration WHERE name = 'adversary.period') <> '0';

-- There, a use of one entry counts as one of its run, if a run was mapped so, and no page of the entry's own size by then.
CREATE VIEW translation_uses AS
SELECT source, event, cycle, core, space, vmid, va, IIF(run IS NULL, page, page & ~((1 << run) - 1)) AS page,
       IFNULL(run, size_lg2) AS size_lg2, IIF(run IS NULL, frame, frame - (page & ((1 << run) - 1))) AS frame, rights, attributes,
       used_from, used_until, begun_by, held_until, walk, entry
FROM (SELECT r.*, IIF(EXISTS (SELECT 1 FROM run_sizes), (SELECT m.size_lg2
               FROM run_sizes z CROSS JOIN mapping_windows m
                 ON m.space = r.space AND m.va = r.page & ~((1 << z.size_lg2) - 1) AND m.size_lg2 = z.size_lg2
               WHERE z.space = r.space AND z.part_lg2 = r.size_lg2 AND m.pa - m.va = r.frame - r.page AND m.may_from <= r.begun_by
                 AND NOT EXISTS (
                   SELECT 1 FROM mapping_windows n
                   WHERE n.space = r.space AND n.va = r.page AND n.size_lg2 = r.size_lg2
                     AND IFNULL(n.may_until, 0x7fffffffffffffff) >= +r.used_from AND n.pa = r.frame AND n.may_from <= r.begun_by)
               LIMIT 1), NULL) AS run
      FROM raw_translation_uses r);

CREATE VIEW entry_uses AS
SELECT source, event, cycle, core, space, vmid, va, IIF(run IS NULL, page, page & ~((1 << run) - 1)) AS page,
       IFNULL(run, size_lg2) AS size_lg2, IIF(run IS NULL, frame, frame - (page & ((1 << run) - 1))) AS frame, rights, attributes,
       used_from, used_until, begun_by, held_until, walk, entry
FROM (SELECT r.*, IIF(EXISTS (SELECT 1 FROM run_sizes), (SELECT m.size_lg2
               FROM run_sizes z CROSS JOIN mapping_windows m
                 ON m.space = r.space AND m.va = r.page & ~((1 << z.size_lg2) - 1) AND m.size_lg2 = z.size_lg2
               WHERE z.space = r.space AND z.part_lg2 = r.size_lg2 AND m.pa - m.va = r.frame - r.page AND m.may_from <= r.begun_by
                 AND NOT EXISTS (
                   SELECT 1 FROM mapping_windows n
                   WHERE n.space = r.space AND n.va = r.page AND n.size_lg2 = r.size_lg2
                     AND IFNULL(n.may_until, 0x7fffffffffffffff) >= +r.used_from AND n.pa = r.frame AND n.may_from <= r.begun_by)
               LIMIT 1), NULL) AS run
      FROM raw_entry_uses r);

CREATE VIEW walk_uses AS
SELECT source, event, cycle, core, space, vmid, va, IIF(run IS NULL, page, page & ~((1 << run) - 1)) AS page,
       IFNULL(run, size_lg2) AS size_lg2, IIF(run IS NULL, frame, frame - (page & ((1 << run) - 1))) AS frame, rights, attributes,
       used_from, used_until, begun_by, held_until, walk, entry
FROM (SELECT r.*, IIF(EXISTS (SELECT 1 FROM run_sizes), (SELECT m.size_lg2
               FROM run_sizes z CROSS JOIN mapping_windows m
                 ON m.space = r.space AND m.va = r.page & ~((1 << z.size_lg2) - 1) AND m.size_lg2 = z.size_lg2
               WHERE z.space = r.space AND z.part_lg2 = r.size_lg2 AND m.pa - m.va = r.frame - r.page AND m.may_from <= r.begun_by
                 AND NOT EXISTS (
                   SELECT 1 FROM mapping_windows n
                   WHERE n.space = r.space AND n.va = r.page AND n.size_lg2 = r.size_lg2
                     AND IFNULL(n.may_until, 0x7fffffffffffffff) >= +r.used_from AND n.pa = r.frame AND n.may_from <= r.begun_by)
               LIMIT 1), NULL) AS run
      FROM raw_walk_uses r);

-- TLB entries of one stage but for most: those that a run of neighbouring pages explains whose mappings never end.
CREATE VIEW doubtful_entries AS
SELECT u.*
FROM entry_uses u
WHERE IFNULL(u.space, 0) NOT IN (SELECT space FROM spaces WHERE stage2 IS NOT NULL)
  AND NOT IFNULL((
        SELECT u.page <= r.last_va AND u.size_lg2 = r.size_lg2 AND (u.page - r.va) & ((1 << r.size_lg2) - 1) = 0
               AND u.frame - u.page = r.distance AND u.rights = r.rights AND u.attributes = r.attributes
               AND r.may_from <= u.begun_by
        FROM mapping_runs r WHERE r.space = u.space AND r.va <= u.page ORDER BY r.va DESC LIMIT 1), 0);

CREATE VIEW unexplained AS
WITH sizes AS MATERIALIZED (SELECT DISTINCT size_lg2 FROM mapping_windows),
guests AS MATERIALIZED (SELECT space FROM spaces WHERE stage2 IS NOT NULL),
uses AS (
    SELECT * FROM translation_uses WHERE IFNULL(space, 0) NOT IN guests
    UNION ALL SELECT * FROM doubtful_entries
    UNION ALL SELECT * FROM walk_uses WHERE IFNULL(space, 0) NOT IN guests
)
SELECT u.*
FROM uses u
-- most are: by a run of neighbouring pages whose mappings never end
WHERE NOT IFNULL((
        SELECT u.page <= r.last_va AND u.size_lg2 = r.size_lg2 AND (u.page - r.va) & ((1 << r.size_lg2) - 1) = 0
               AND u.frame - u.page = r.distance AND u.rights = r.rights AND IFNULL(u.attributes = r.attributes, 1)
               AND r.may_from <= u.begun_by
        FROM mapping_runs r WHERE r.space = u.space AND r.va <= u.page ORDER BY r.va DESC LIMIT 1), 0)
  AND NOT EXISTS (
        SELECT 1 FROM mapping_windows m
        WHERE m.space = u.space AND m.va = u.page AND m.size_lg2 = u.size_lg2
          AND IFNULL(m.may_until, 0x7fffffffffffffff) >= u.held_until
          AND m.may_from <= u.begun_by
          AND m.pa = u.frame AND IFNULL(u.rights IN (m.rights, m.first_rights, m.upgraded_rights), 1)
          AND IFNULL(u.attributes IN (m.attributes, m.upgraded_attributes), 1))
  AND NOT EXISTS (
        SELECT 1 FROM mapping_windows m
        WHERE m.attributes & 16 AND m.vmid = u.vmid AND m.va = u.page AND m.size_lg2 = u.size_lg2
          AND IFNULL(m.may_until, 0x7fffffffffffffff) >= u.held_until
          AND m.may_from <= u.begun_by
          AND m.pa = u.frame AND IFNULL(u.rights IN (m.rights, m.first_rights, m.upgraded_rights), 1)
          AND IFNULL(u.attributes IN (m.attributes, m.upgraded_attributes), 1)
          AND NOT EXISTS (
            SELECT 1 FROM sizes z CROSS JOIN mapping_windows o
              ON o.space = u.space AND o.va = u.va & ~((1 << z.size_lg2) - 1) AND o.size_lg2 = z.size_lg2
             AND IFNULL(o.may_until, 0x7fffffffffffffff) >= +u.used_from
            WHERE o.must_from < u.used_from
              AND IFNULL(o.must_until, 0x7fffffffffffffff) > u.begun_by))
  -- an entry may also serve equal mappings one after the other, if each begins before the last one's window ends
  AND NOT (u.source = 'entry'
        AND EXISTS (
            SELECT 1 FROM mapping_windows m
            WHERE (m.space = u.space OR (m.attributes & 16 AND m.vmid = u.vmid)) AND m.va = u.page AND m.size_lg2 = u.size_lg2
              AND IFNULL(m.may_until, 0x7fffffffffffffff) >= +u.used_from AND m.may_from <= u.used_from
              AND m.pa = u.frame AND IFNULL(u.rights IN (m.rights, m.first_rights, m.upgraded_rights), 1)
          AND IFNULL(u.attributes IN (m.attributes, m.upgraded_attributes), 1))
        AND NOT EXISTS (
            SELECT 1 FROM mapping_windows m
            WHERE (m.space = u.space OR (m.attributes & 16 AND m.vmid = u.vmid)) AND m.va = u.page AND m.size_lg2 = u.size_lg2
              AND IFNULL(m.may_until, 0x7fffffffffffffff) >= +u.used_from
              AND IFNULL(m.may_until, 0x7fffffffffffffff) < u.held_until
              AND m.pa = u.frame AND IFNULL(u.rights IN (m.rights, m.first_rights, m.upgraded_rights), 1)
          AND IFNULL(u.attributes IN (m.attributes, m.upgraded_attributes), 1)
              AND NOT EXISTS (
                SELECT 1 FROM mapping_windows n
                WHERE (n.space = u.space OR (n.attributes & 16 AND n.vmid = u.vmid)) AND n.va = u.page AND n.size_lg2 = u.size_lg2
                  AND IFNULL(n.may_until, 0x7fffffffffffffff) > +m.may_until AND n.may_from <= m.may_until
                  AND n.pa = u.frame AND IFNULL(u.rights IN (n.rights, n.first_rights, n.upgraded_rights), 1)
                  AND IFNULL(u.attributes IN (n.attributes, n.upgraded_attributes), 1))));

-- The same, with the mapping it was once right for (`former`: the one whose window ended first during the use, or else
-- last before it) and one that holds the address now (`live`; `second`: the one under it, of its second stage).
CREATE VIEW unexplained_uses AS
SELECT u.*,
       IFNULL((SELECT m.mapping FROM mapping_windows m
        WHERE (m.space = u.space OR (m.attributes & 16 AND m.vmid = u.vmid)) AND m.va = u.page AND m.size_lg2 = u.size_lg2
          AND m.pa = u.frame AND IFNULL(u.rights IN (m.rights, m.first_rights, m.upgraded_rights), 1)
          AND IFNULL(u.attributes IN (m.attributes, m.upgraded_attributes), 1)
          AND m.may_until >= u.used_from AND m.may_until < u.held_until
        ORDER BY m.may_until LIMIT 1),
       (SELECT m.mapping FROM mapping_windows m
        WHERE (m.space = u.space OR (m.attributes & 16 AND m.vmid = u.vmid)) AND m.va = u.page AND m.size_lg2 = u.size_lg2
          AND m.pa = u.frame AND IFNULL(u.rights IN (m.rights, m.first_rights, m.upgraded_rights), 1)
          AND IFNULL(u.attributes IN (m.attributes, m.upgraded_attributes), 1)
          AND m.may_until < u.held_until
        ORDER BY m.may_until DESC LIMIT 1)) AS former,
       (SELECT m.mapping FROM (SELECT DISTINCT size_lg2 FROM mapping_windows) z CROSS JOIN mapping_windows m
        WHERE (m.space = u.space OR (m.attributes & 16 AND m.vmid = u.vmid))
          AND m.va = u.va & ~((1 << z.size_lg2) - 1) AND m.size_lg2 = z.size_lg2
          AND m.may_from <= u.begun_by AND IFNULL(m.may_until, 0x7fffffffffffffff) > +u.used_from
        ORDER BY m.may_from DESC LIMIT 1) AS live, NULL AS second
FROM unexplained u
UNION ALL
SELECT * FROM unexplained_guests;
