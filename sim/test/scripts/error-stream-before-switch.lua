-- exit 2
local m = machine { record = "all", memory = { size = "64M" } }
local as = m:address_space {}
m.core[1]:program(function(core)
  core:run(stream.uniform { base = 0, size = "1M", n = 1 })
end)
