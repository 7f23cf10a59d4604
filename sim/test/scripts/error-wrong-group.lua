-- exit 2
local m = machine { tlb = 64 }
