-- exit 2
local m = machine { record = "all", memory = { size = "64M" } }
local as = m:address_space {}
m.core[1]:program(function(core)
  core:switch(as)
  core:run(stream.uniform { base = 0x400000, size = "4K", n = 1 })
end)
