-- exit 2
local m = machine { cores = 2 }
local as = m:address_space {}
m.core[1]:program(function(core)
  as:map(m.core[2], 0x400000, m:frames("4K"), "4K", "rw-u")
end)
