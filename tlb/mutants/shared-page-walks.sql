-- Each space's own page is walked once, and once more in the space that was invalidated by its ASID; the global page is walked once
-- by all: such an invalidation takes no global entry, and no other space's.
SELECT (SELECT count(DISTINCT space) FROM contexts) + (SELECT count(*) FROM invalidations) + 1 AS expected,
       (SELECT sum(value) FROM counters WHERE name = 'walker.walks') AS measured
