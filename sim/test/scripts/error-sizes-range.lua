-- exit 2
local m = machine { tlb = { l1d = { sizes = "1K" } } }
