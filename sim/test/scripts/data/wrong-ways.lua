return { tlb = { l1d = { entries = 10, ways = 4 } } }
