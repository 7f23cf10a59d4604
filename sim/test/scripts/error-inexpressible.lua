-- exit 2
local m = machine { record = "all", memory = { size = "64M" } }
local as = m:address_space {}
m.core[1]:program(function(core)
  core:switch(as)
  as:map(core, 0x400000, m:frames("4K"), "4K", "--xu")
end)
