-- exit 2
local m = machine { tlb = { l1d_2m = { entires = 32 } } }
