-- exit 2
local m = machine { tlb = { l2 = { shared = true }, l3 = {} } }
