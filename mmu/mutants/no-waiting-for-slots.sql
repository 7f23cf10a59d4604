-- No more walks are under way than there are misses; with a slot for each, every walk begins when it is asked for.
SELECT 0 AS expected, (SELECT sum(start_cycle - request_cycle) FROM walks) AS measured
