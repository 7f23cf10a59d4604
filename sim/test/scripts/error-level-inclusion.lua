-- exit 2
local m = machine { tlb = { l2 = { inclusion = "inclusive" }, l2_1g = { sizes = "1G" } } }
