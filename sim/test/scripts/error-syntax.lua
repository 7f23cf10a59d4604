-- exit 2
local m = machine {
  cores = 2
m.core[1]:program(function() end)
