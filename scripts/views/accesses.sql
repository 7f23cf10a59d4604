-- Accesses and their translations.

-- Every recorded access, with names and hex.
CREATE VIEW translation_log AS
SELECT event, cycle, core, access, half, IIF(retry, 'yes', '') AS retry, space, asid, vmid,
       (SELECT name FROM codes WHERE domain = 'privilege' AND code = privilege) AS privilege,
       (SELECT name FROM codes WHERE domain = 'access' AND code = access_kind) AS kind,
       printf('0x%x', va) AS va, IIF(pa IS NULL, NULL, printf('0x%x', pa)) AS pa, size_bytes,
       IIF(pc IS NULL, NULL, printf('0x%x', pc)) AS pc,
       (SELECT name FROM codes WHERE domain = 'outcome' AND code = outcome) AS outcome,
       IIF(fault, (SELECT name FROM codes WHERE domain = 'fault' AND code = fault)
           || IIF(fault_stage = 2, ', stage 2', '') || ', level ' || fault_level, '') AS fault,
       IIF(fault_ipa IS NULL, NULL, printf('0x%x', fault_ipa)) AS fault_ipa,
       1 << page_size_lg2 AS page_bytes, issue_cycle, translated_cycle, performed_cycle,
       translated_cycle - issue_cycle AS translation_cycles, cycle - issue_cycle AS access_cycles,
       IIF(value IS NULL, NULL, printf('0x%x', value)) AS value, IIF(forwarded, 'yes', '') AS forwarded, walk, entry
FROM translations;

-- Pages by their first-level misses.
CREATE VIEW missing_pages AS
SELECT printf('0x%x', page) AS page, space, COUNT(*) AS misses, SUM(outcome = 1 OR outcome > 4) AS hits_behind,
       SUM(outcome = 2) AS walks, SUM(outcome = 3) AS merged, SUM(fault <> 0) AS faults,
       SUM(translated_cycle - issue_cycle) AS translation_cycles, COUNT(DISTINCT core) AS cores
FROM (SELECT *, va & ~4095 AS page FROM translations WHERE outcome <> 0) m
GROUP BY m.space, m.page
ORDER BY misses DESC, translation_cycles DESC, m.space, m.page;

-- Instructions by the first-level misses of their accesses.
CREATE VIEW miss_by_instruction AS
SELECT printf('0x%x', m.pc) AS pc, i.text AS instruction, i.class, i.count AS executed, m.misses, m.walks, m.faults,
       m.translation_cycles, round(1.0 * m.translation_cycles / m.misses, 1) AS cycles_each
FROM (SELECT pc, COUNT(*) AS misses, SUM(outcome = 2) AS walks, SUM(fault <> 0) AS faults,
             SUM(translated_cycle - issue_cycle) AS translation_cycles
      FROM translations WHERE outcome <> 0 AND pc IS NOT NULL GROUP BY pc) m
LEFT JOIN (SELECT pc, MIN(text) AS text, MIN(class) AS class, SUM(count) AS count FROM instructions GROUP BY pc) i
    ON i.pc = m.pc
ORDER BY m.misses DESC, m.translation_cycles DESC, m.pc;

-- How accesses found their translation, and what it cost.
CREATE VIEW miss_outcomes AS
SELECT core, (SELECT name FROM codes WHERE domain = 'access' AND code = access_kind) AS kind,
       (SELECT name FROM codes WHERE domain = 'outcome' AND code = outcome) AS outcome,
       COUNT(*) AS accesses, SUM(fault <> 0) AS faults,
       round(AVG(translated_cycle - issue_cycle), 1) AS mean_cycles, MIN(translated_cycle - issue_cycle) AS least,
       MAX(translated_cycle - issue_cycle) AS most
FROM translations
GROUP BY core, access_kind, translations.outcome;

-- Translations by the size of the page they used.
CREATE VIEW page_sizes AS
SELECT 1 << page_size_lg2 AS page_bytes, COUNT(*) AS translations, SUM(outcome <> 0) AS misses,
       COUNT(DISTINCT va >> page_size_lg2) AS pages
FROM translations WHERE fault = 0
GROUP BY page_size_lg2;

-- Faults delivered to programs.
CREATE VIEW fault_log AS
SELECT event, cycle, core, space, printf('0x%x', va) AS va, IIF(pc IS NULL, NULL, printf('0x%x', pc)) AS pc,
       (SELECT name FROM codes WHERE domain = 'privilege' AND code = privilege) AS privilege,
       (SELECT name FROM codes WHERE domain = 'access' AND code = access_kind) AS kind,
       (SELECT name FROM codes WHERE domain = 'fault' AND code = fault) AS fault, fault_level AS level,
       fault_stage AS stage, IIF(ipa IS NULL, NULL, printf('0x%x', ipa)) AS ipa, IIF(handled, 'yes', 'no') AS handled, access,
       IIF(code IS NULL, NULL, printf('0x%x', code)) AS code, vector, status, IIF(reported_address IS NULL, NULL, printf('0x%x', reported_address)) AS reported_address,
       IIF(reported_ipa IS NULL, NULL, printf('0x%x', reported_ipa)) AS reported_ipa, IIF(instruction IS NULL, NULL, printf('0x%x', instruction)) AS instruction
FROM faults;

-- Pages by their faults.
CREATE VIEW faulting_pages AS
SELECT printf('0x%x', page) AS page, space, (SELECT name FROM codes WHERE domain = 'fault' AND code = fault) AS fault,
       COUNT(*) AS faults, SUM(handled) AS handled, MIN(cycle) AS first_cycle, MAX(cycle) AS last_cycle
FROM (SELECT *, va & ~4095 AS page FROM faults) f
GROUP BY f.space, f.page, f.fault
ORDER BY COUNT(*) DESC, first_cycle;

-- Names of controls: what the state of a core does to rights.
CREATE VIEW control_names AS
WITH RECURSIVE numbers (controls) AS (SELECT 0 UNION ALL SELECT controls + 1 FROM numbers WHERE controls < 255)
SELECT controls, (SELECT IFNULL(group_concat(name, ' '), '') FROM codes WHERE domain = 'control' AND controls & code) AS controls_text
FROM numbers;

-- Switches of address space and changes of controls, and how long each lasted.
CREATE VIEW context_log AS
SELECT event, cycle, core, space, high_space, asid, vmid, printf('0x%x', root) AS root,
       (SELECT controls_text FROM control_names n WHERE n.controls = c.controls) AS controls, printf('0x%x', key_rights) AS pkru,
       LEAD(cycle) OVER (PARTITION BY core ORDER BY event) - cycle AS cycles
FROM contexts c;
