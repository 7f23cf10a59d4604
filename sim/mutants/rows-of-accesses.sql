-- At the level "all" each translation that was counted has a row.
SELECT (SELECT sum(value) FROM counters WHERE name = 'accesses.translations') AS expected,
       (SELECT count(*) FROM translations) AS measured
