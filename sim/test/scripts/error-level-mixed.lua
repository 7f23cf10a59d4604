-- exit 2
local m = machine { tlb = { l1_1g = { sizes = "1G" } } }
