-- exit 2
local m = machine { tlb = { l1d = { entries = 10, ways = 4 } } }
