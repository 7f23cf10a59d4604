-- The name that `mmusim list machines` shows first is a preset like the others: the machine without one.
local m = machine { preset = "default", tlb = { l2 = { latency = 4 } } }
local as = m:address_space {}
as:premap(0x400000, m:frames("4K"), "4K", "rw-u")

m.core[1]:program(function(core)
  core:switch(as)
  local begin = core:now()
  core:load(0x400000, { data = "none" })
  print("cores: " .. #m.core, "both look-ups and four fetches: " .. core:now() - begin .. " cycles")
end)
