-- exit 2
local m = machine {}
local as = m:address_space {}
m.core[1]:program(function(core)
  core:switch(as)
  core:tlbi { va = 0x400000, size = "4K", asid = as }
  core:tlbi { va = 0x400000, size = 0, asid = as }
end)
