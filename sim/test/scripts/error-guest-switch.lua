-- exit 2
local m = machine { memory = { size = "64M" } }
local vm = m:address_space { format = "vmsa-s2-4k-39" }
m.core[1]:program(function(core)
  core:switch(vm)
end)
