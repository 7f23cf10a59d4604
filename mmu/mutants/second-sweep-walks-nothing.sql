-- The second level keeps what the first sweep walked: as many walks as pages. The first level is looked up once an access.
SELECT (SELECT count(DISTINCT va) FROM translations) AS expected,
       (SELECT sum(value) FROM counters WHERE name = 'walker.walks') AS measured
UNION ALL
SELECT (SELECT count(*) FROM translations), (SELECT sum(value) FROM counters WHERE name = 'l1d.lookups')
