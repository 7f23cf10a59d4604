-- exit 2
local m = machine { cores = 2 }
m.core[1]:program(function() m:barrier("left") end)
m.core[2]:program(function() m:barrier("right") end)
