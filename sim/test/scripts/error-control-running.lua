-- exit 2
local m = machine {}
local as = m:address_space { format = "vmsa-4k-48" }
m.core[1]:program(function(core)
  core:switch(as)
  core:control { smap = true }
end)
