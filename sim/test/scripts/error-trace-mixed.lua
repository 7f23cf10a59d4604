-- exit 2
-- A trace that turns into another format on the way: what comes before is replayed, then the place is told.
local m = machine { memory = { size = "16M" } }
local as = m:address_space {}
m.core[1]:program(function(core)
  core:switch(as)
  core:on_fault(function(_, fault) return as:map(core, page(fault.va), m:frames("4K"), "4K", "rwxu") end)
  core:run(stream.trace { path = "data/mixed.mtrace" })
end)
