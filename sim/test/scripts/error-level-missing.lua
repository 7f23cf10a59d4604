-- exit 2
local m = machine { tlb = { l1d = false, l1d_2m = false } }
