-- exit 2
-- Simulated time has an end, far away.
local m = machine { memory = { size = "64M" } }
m.core[1]:program(function(core)
  while true do core:wait(1 << 40) end
end)
