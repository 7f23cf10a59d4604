-- A walk fetches an entry for each level, less those above the furthest table that walk caches hold: the first page's walk fetches
-- four, and each neighbour's walk, which begins at the last table, one.
SELECT 4 + (SELECT count(DISTINCT va) - 1 FROM translations) AS expected,
       (SELECT sum(value) FROM counters WHERE name = 'walker.steps') AS measured
