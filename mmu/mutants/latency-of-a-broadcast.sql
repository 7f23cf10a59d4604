-- There and back through the network, and the drop between: accesses to other pages are not waited for.
WITH setting (name, value) AS (SELECT name, CAST(value AS INTEGER) FROM configuration)
SELECT 2 * (SELECT value FROM setting WHERE name = 'network.latency') + (SELECT value FROM setting WHERE name = 'invalidation.drop')
       AS expected,
       complete_cycle - issue_cycle AS measured
FROM invalidations
