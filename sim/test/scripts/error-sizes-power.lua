-- exit 2
local m = machine { tlb = { l1d = { sizes = { "4K", "3M" } } } }
