-- Every page of a range has to be walked again, and no other one: walks = pages + pages of the range.
SELECT (SELECT count(DISTINCT va) FROM translations) + (SELECT sum(size_bytes) / 4096 FROM invalidations) AS expected,
       (SELECT sum(value) FROM counters WHERE name = 'walker.walks') AS measured
