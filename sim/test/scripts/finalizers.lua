-- What finalizers do when the run is over finds the machine as it was left, out of time.
local m = machine { record = "counters", memory = { size = "64M" } }
local as = m:address_space {}
as:premap(0x400000, m:frames("4K"), "4K", "rw-u")
m.core[1]:program(function(core)
  core:switch(as)
  core:load(0x400000)
end)
setmetatable({}, { __gc = function()
  print(m.core[1]:now() > 0, #as:interpret(), m:frames("4K") > 0)
  print(type(m:address_space {}), type(stream.uniform { base = 0, size = "4K", n = 1 }))
end })
