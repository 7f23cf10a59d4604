-- exit 2
-- How far another core has come is not for a program to see: the fast mode runs cores ahead.
local m = machine { cores = 2, memory = { size = "64M" } }
print(m.core[2]:now())
m.core[1]:program(function(core)
  core:wait(10)
  print(core:now())
  print(m.core[2]:now())
end)
