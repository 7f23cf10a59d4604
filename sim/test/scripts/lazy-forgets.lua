-- exit 1
-- The same with a page table that invalidates nothing: its generation stays, so that the core that comes back uses what it had.
local m = machine { cores = 2, record = "all", memory = { size = "64M" }, invalidation = { scheme = "interrupt" },
                    shootdown = { targets = "active" } }
local as, other = m:address_space { table = "radix-forgets-invalidation" }, m:address_space {}
local PAGE = 0x400000
as:premap(PAGE, m:frames("4K"), "4K", "rw-u", 1)

m.core[1]:program(function(core)
  core:switch(as)
  m:barrier("left")
  as:unmap(core, PAGE)
  m:barrier("unmapped")
end)

m.core[2]:program(function(core)
  core:switch(as)
  core:load(PAGE)
  core:switch(other)
  m:barrier("left")
  m:barrier("unmapped")
  core:switch(as)
  print("back", core:load(PAGE))
end)
