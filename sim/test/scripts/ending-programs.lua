-- A program ends when what it began is done: its stores count for the region in which it made them, and a barrier that
-- waits for its end comes after them.
local m = machine { cores = 3, record = "all", memory = { size = "64M" }, store_buffer = { drain = 30 } }
local as = m:address_space {}
local frame = m:frames("4K")
as:premap(0x400000, frame, "4K", "rw-u")
m.core[1]:program(function(core)
  core:switch(as)
  core:wait(25)
  m:region("while core 2 ends")
  print(core:now(), core:load(0x400038))
end)
m.core[2]:program(function(core)
  core:switch(as)
  for place = 0, 7 do core:store(0x400000 + 8 * place, place) end
  core:tlbi("vmalle1is")
end)
