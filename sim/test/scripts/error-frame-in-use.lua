-- exit 2
local m = machine { record = "all", memory = { size = "64M" } }
local as = m:address_space {}
m.core[1]:program(function(core)
  core:switch(as)
  local frame = m:frames("4K")
  as:map(core, 0x400000, frame, "4K", "rw-u")
  as:map(core, 0x500000, frame, "4K", "rw-u")
end)
