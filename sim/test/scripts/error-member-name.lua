-- exit 2
local m = machine { tlb = { l1x = { entries = 64 } } }
