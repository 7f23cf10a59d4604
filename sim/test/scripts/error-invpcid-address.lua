-- exit 2
local m = machine { cores = 2, record = "all", memory = { size = "64M" }, ordering = "x86" }
local as = m:address_space {}
m.core[1]:program(function(core)
  core:switch(as)
  core:invpcid { type = "address", asid = as }
end)
