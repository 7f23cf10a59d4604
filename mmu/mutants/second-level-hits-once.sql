-- The first load finds the page in the second level, and the others in the first.
SELECT 1 AS expected, (SELECT sum(value) FROM counters WHERE name = 'l2.hits') AS measured
