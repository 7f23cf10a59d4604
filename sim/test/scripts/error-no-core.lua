-- exit 2
local m = machine { cores = 2 }
m.core[0]:program(function(core) end)
