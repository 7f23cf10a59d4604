-- exit 2
local m = machine { tlb = { l1d = { sizes = { small = "4K" } } } }
