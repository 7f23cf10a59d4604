-- A frame may have two addresses if the address space allows it.
local m = machine { record = "all", memory = { size = "64M" } }
local as = m:address_space { aliasing = true }
local frame = m:frames("4K")
m.core[1]:program(function(core)
  core:switch(as)
  print(as:map(core, 0x400000, frame, "4K", "rw-u"), as:map(core, 0x800000, frame, "4K", "r--u"))
  core:store(0x400000, 17)
  print(core:load(0x800000), core:store(0x800000, 1))
end)
