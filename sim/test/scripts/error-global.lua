-- exit 2
local m = machine {}
m.core[1]:program(function(core)
  value = 3
end)
