-- exit 2
-- An error ends the run although another program catches whatever is raised, for ever.
local m = machine { cores = 3, memory = { size = "64M" } }
local as = m:address_space {}
m.core[1]:program(function(core)
  core:wait(1000)
  error("this one ends it")
end)
m.core[2]:program(function(core)
  core:switch(as)
  while true do pcall(core.load, core, 0x400000) end
end)
m.core[3]:program(function(core)
  core:switch(as)
  local work = coroutine.wrap(function()
    while true do pcall(core.load, core, 0x400000) end
  end)
  while true do pcall(work) end
end)
