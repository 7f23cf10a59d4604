-- exit 2
-- What is raised need not be a text: a fault is told by its sentence.
local m = machine { memory = { size = "64M" } }
local as = m:address_space {}
m.core[1]:program(function(core)
  core:switch(as)
  local value, fault = core:load(0x400000)
  if not value then error(fault) end
end)
