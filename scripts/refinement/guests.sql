-- Two stages. A use in a space with a second stage is explained by a pair: a mapping of the guest, which leads to an
-- intermediate address, and one of its stage 2, which contains that address. The page is the smaller one of both; rights and
-- attributes are what both say, as pagetables/two_stage.h composes them:
-- rights     what both allow. What MXR makes readable (64) needs loads of stage 2, too;
-- attributes readable, writable and executable of both, user, global and key of the guest; device memory if one says so,
--            else not cacheable if one says so; on RISC-V what the guest says, if it says something.
-- RISC-V formats are those whose faults may be spurious until the fence (2). What MXR of its G stage makes readable is not
-- told: there, either is right.
CREATE VIEW guest_uses AS
WITH any_guest AS (SELECT 1 FROM spaces WHERE stage2 IS NOT NULL LIMIT 1) -- else no use is looked at
SELECT u.*, s.stage2, s.spurious = 2 AS riscv
FROM any_guest CROSS JOIN translation_uses u CROSS JOIN spaces s ON s.space = u.space AND s.stage2 IS NOT NULL
UNION ALL
SELECT u.*, s.stage2, s.spurious = 2
FROM any_guest CROSS JOIN entry_uses u CROSS JOIN spaces s ON s.space = u.space AND s.stage2 IS NOT NULL
UNION ALL
SELECT u.*, s.stage2, s.spurious = 2
FROM any_guest CROSS JOIN walk_uses u CROSS JOIN spaces s ON s.space = u.space AND s.stage2 IS NOT NULL
UNION ALL
-- the time of an entry, hit or not
SELECT 'stay', e.event, e.cycle, e.core, e.space, e.vmid, e.va, e.va, e.size_lg2, e.pa, e.rights, e.attributes, e.fill_cycle,
       e.end_cycle, e.fill_cycle, e.end_cycle, e.walk, e.entry, s.stage2, s.spurious = 2
FROM any_guest CROSS JOIN tlb_entries e CROSS JOIN spaces s ON s.space = e.space AND s.stage2 IS NOT NULL
WHERE e.end_cycle IS NOT NULL;

-- Most uses are explained by one pair of the space's own, with all its rights. These are the others.
CREATE VIEW guest_questions AS
WITH sizes AS MATERIALIZED (SELECT DISTINCT size_lg2 FROM mapping_windows)
SELECT u.*
FROM guest_uses u
WHERE NOT EXISTS (
    SELECT 1
    FROM sizes y
    CROSS JOIN mapping_windows m ON m.space = u.space AND m.va = u.va & ~((1 << y.size_lg2) - 1) AND m.size_lg2 = y.size_lg2
     AND IFNULL(m.may_until, 0x7fffffffffffffff) >= +u.held_until
    CROSS JOIN sizes z
    CROSS JOIN mapping_windows n ON n.space = u.stage2 AND n.size_lg2 = z.size_lg2
     AND n.va = (m.pa + u.va - m.va) & ~((1 << z.size_lg2) - 1)
     AND IFNULL(n.may_until, 0x7fffffffffffffff) >= +u.held_until
    WHERE m.may_from <= u.begun_by AND n.may_from <= u.begun_by
      AND u.size_lg2 = MIN(m.size_lg2, n.size_lg2) AND u.page = u.va & ~((1 << u.size_lg2) - 1)
      AND u.frame + u.va - u.page = n.pa + m.pa + u.va - m.va - n.va
      AND u.rights = m.rights & (n.rights & 63 | IIF(n.rights & 9, 64, 0))
      AND IFNULL(u.attributes = (m.attributes & (n.attributes & 7 | 0x1e18))
                 | CASE WHEN u.riscv AND m.attributes & 288 THEN m.attributes & 288
                        WHEN (m.attributes | n.attributes) & 32 THEN 32
                        ELSE (m.attributes | n.attributes) & 256 END, 1));

-- All pairs for these, at any time; `fits` if the use is what they say. A global mapping may be of another space of the
-- virtual machine.
CREATE VIEW guest_pairs AS
WITH sizes AS MATERIALIZED (SELECT DISTINCT size_lg2 FROM mapping_windows)
SELECT u.source, u.event, m.mapping AS first, n.mapping AS second, m.space = u.space AS own,
       MAX(m.may_from, n.may_from) AS may_from,
       MIN(IFNULL(m.may_until, 0x7fffffffffffffff), IFNULL(n.may_until, 0x7fffffffffffffff)) AS may_until,
       IIF(IFNULL(m.may_until, 0x7fffffffffffffff) <= IFNULL(n.may_until, 0x7fffffffffffffff), m.mapping, n.mapping) AS ended,
       u.size_lg2 = MIN(m.size_lg2, n.size_lg2) AND u.page = u.va & ~((1 << u.size_lg2) - 1)
       AND u.frame + u.va - u.page = n.pa + m.pa + u.va - m.va - n.va
       AND IFNULL(u.rights IN (
               SELECT a.allows & (b.allows & 63 | IIF(b.allows & 9, 64, 0))
               FROM (SELECT m.rights AS allows UNION SELECT m.first_rights UNION SELECT m.upgraded_rights) a,
                    (SELECT n.rights AS allows UNION SELECT n.first_rights UNION SELECT n.upgraded_rights
                     UNION SELECT n.rights | ((n.rights & 36) >> 2) WHERE u.riscv
                     UNION SELECT n.first_rights | ((n.first_rights & 36) >> 2) WHERE u.riscv) b), 1)
       AND IFNULL(u.attributes IN (
               SELECT (a.has & (b.has & 7 | 0x1e18))
                      | CASE WHEN u.riscv AND a.has & 288 THEN a.has & 288 WHEN (a.has | b.has) & 32 THEN 32
                             ELSE (a.has | b.has) & 256 END
               FROM (SELECT m.attributes AS has UNION SELECT m.upgraded_attributes) a,
                    (SELECT n.attributes AS has UNION SELECT n.upgraded_attributes) b), 1) AS fits
FROM guest_questions u
CROSS JOIN sizes y
CROSS JOIN mapping_windows m ON (m.space = u.space OR (m.attributes & 16 AND m.vmid = u.vmid))
 AND m.va = u.va & ~((1 << y.size_lg2) - 1) AND m.size_lg2 = y.size_lg2
CROSS JOIN spaces s ON s.space = m.space
CROSS JOIN sizes z
CROSS JOIN mapping_windows n ON n.space = s.stage2 AND n.size_lg2 = z.size_lg2
 AND n.va = (m.pa + u.va - m.va) & ~((1 << z.size_lg2) - 1);

-- The uses that no pair explains, as unexplained_uses has them: `former` is that one of the pair which ended first.
CREATE VIEW unexplained_guests AS
WITH sizes AS MATERIALIZED (SELECT DISTINCT size_lg2 FROM mapping_windows),
questions AS MATERIALIZED (SELECT * FROM guest_questions),
pairs AS MATERIALIZED (SELECT * FROM guest_pairs),
owned AS (
    -- where the space has a mapping of its own throughout, global ones of others do not count
    SELECT u.*, EXISTS (
        SELECT 1 FROM sizes z CROSS JOIN mapping_windows o
          ON o.space = u.space AND o.va = u.va & ~((1 << z.size_lg2) - 1) AND o.size_lg2 = z.size_lg2
         AND IFNULL(o.may_until, 0x7fffffffffffffff) >= +u.used_from
        WHERE o.must_from < u.used_from AND IFNULL(o.must_until, 0x7fffffffffffffff) > u.begun_by) AS has_own
    FROM questions u
)
SELECT u.source, u.event, u.cycle, u.core, u.space, u.vmid, u.va, u.page, u.size_lg2, u.frame, u.rights, u.attributes,
       u.used_from, u.used_until, u.begun_by, u.held_until, u.walk, u.entry,
       IFNULL((SELECT p.ended FROM pairs p
               WHERE p.event = u.event AND p.source = u.source AND p.fits AND p.may_until >= u.used_from
                 AND p.may_until < u.held_until ORDER BY p.may_until LIMIT 1),
              (SELECT p.ended FROM pairs p
               WHERE p.event = u.event AND p.source = u.source AND p.fits AND p.may_until < u.held_until
               ORDER BY p.may_until DESC LIMIT 1)) AS former,
       (SELECT p.first FROM pairs p
        WHERE p.event = u.event AND p.source = u.source AND p.may_from <= u.begun_by AND p.may_until > u.used_from
        ORDER BY p.may_from DESC, p.first, p.second LIMIT 1) AS live,
       (SELECT p.second FROM pairs p
        WHERE p.event = u.event AND p.source = u.source AND p.may_from <= u.begun_by AND p.may_until > u.used_from
        ORDER BY p.may_from DESC, p.first, p.second LIMIT 1) AS second
FROM owned u
WHERE u.source <> 'stay'
  AND NOT EXISTS (
        SELECT 1 FROM pairs p
        WHERE p.event = u.event AND p.source = u.source AND p.fits AND p.may_from <= u.begun_by
          AND p.may_until >= u.held_until AND (p.own OR NOT u.has_own))
  -- an entry may also serve equal pairs one after the other, if each begins before the last one's window ends
  AND NOT (u.source = 'entry'
        AND EXISTS (
            SELECT 1 FROM pairs p
            WHERE p.event = u.event AND p.source = u.source AND p.fits AND p.may_from <= u.used_from
              AND p.may_until >= u.used_from)
        AND NOT EXISTS (
            SELECT 1 FROM pairs p
            WHERE p.event = u.event AND p.source = u.source AND p.fits AND p.may_from <= p.may_until
              AND p.may_until >= u.used_from AND p.may_until < u.held_until
              AND NOT EXISTS (
                SELECT 1 FROM pairs q
                WHERE q.event = u.event AND q.source = u.source AND q.fits AND q.may_until > p.may_until
                  AND q.may_from <= p.may_until)));

-- Entries that stayed in a TLB when one of their pair had ended, unless another pair of the same goes on.
CREATE VIEW stale_guest_entries AS
WITH pairs AS MATERIALIZED (SELECT * FROM guest_pairs WHERE source = 'stay' AND fits)
SELECT e.event, MIN(p.may_until) AS may_until, p.ended
FROM pairs p JOIN tlb_entries e ON e.event = p.event
WHERE p.may_until < e.end_cycle
  AND NOT EXISTS (
        SELECT 1 FROM pairs q
        WHERE q.event = p.event AND q.may_until > p.may_until AND q.may_from <= MAX(p.may_until, e.fill_cycle))
GROUP BY e.event;
