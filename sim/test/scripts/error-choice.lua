-- exit 2
local m = machine { tlb = { l1d = { replacement = "tree_plru" } } }
