-- A page that stays is walked once, however many accesses wait for the walk.
SELECT (SELECT count(DISTINCT va >> 12) FROM translations) AS expected,
       (SELECT sum(value) FROM counters WHERE name = 'walker.walks') AS measured
