-- A machine as the preset in a file describes it.
local m = machine { preset = "./data/small-core.lua", record = "counters" }
local as = m:address_space {}
as:premap(0x400000, m:frames("8K"), "4K", "rw-u", 2)

m.core[1]:program(function(core)
  core:switch(as)
  core:load(0x400000, { data = "none" })
  core:load(0x401000, { data = "none" }) -- takes the only entry of the first level
  local begin = core:now()
  core:load(0x400000, { data = "none" })
  print("cores: " .. #m.core, "a hit in the second level: " .. core:now() - begin .. " cycles")
end)
