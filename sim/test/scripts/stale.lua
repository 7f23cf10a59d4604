-- exit 1
-- A page table that forgets the invalidation is caught.
local m = machine { cores = 2, record = "all", memory = { size = "64M" } }
local as = m:address_space { table = "radix-forgets-invalidation" }
as:premap(0x400000, m:frames("8K"), "4K", "rw-u", 2)
m.core[1]:program(function(core)
  core:switch(as)
  m:barrier("warm")
  as:unmap(core, 0x400000)
  m:barrier("unmapped")
end)
m.core[2]:program(function(core)
  core:switch(as)
  core:load(0x400000)
  m:barrier("warm")
  m:barrier("unmapped")
  print("after the unmap", core:load(0x400000))
end)
