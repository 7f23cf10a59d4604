-- Each hit of an array is a hit of one of its entries, and each entry's life is recorded.
SELECT (SELECT sum(value) FROM counters WHERE name IN ('l1i.hits', 'l1d.hits', 'l2.hits')) AS expected,
       (SELECT sum(hits) FROM tlb_entries) AS measured
