-- exit 2
local m = machine { cores = 2 }
m.core[1]:program(function(core)
  m.core[2]:wait(1)
end)
