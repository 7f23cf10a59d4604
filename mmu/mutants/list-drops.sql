-- Every page of the list has to be walked again, and no other one: walks = pages + invalidations.
SELECT (SELECT count(DISTINCT va) FROM translations) + (SELECT count(*) FROM invalidations) AS expected,
       (SELECT sum(value) FROM counters WHERE name = 'walker.walks') AS measured
