-- exit 2
local m = machine { tlb = { l2 = false, l3 = {} } }
