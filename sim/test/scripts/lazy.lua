-- shootdown.targets = "active": a core that has left an address space is not interrupted, keeps what it cached of it, and drops
-- that when it comes back. So no access uses it, and nobody objects to it meanwhile.
local m = machine { cores = 2, record = "all", memory = { size = "64M" }, invalidation = { scheme = "interrupt" },
                    shootdown = { targets = "active" } }
local as, other = m:address_space { table = arg[1] or "radix" }, m:address_space {}
local PAGE, KEPT = 0x400000, 0x401000
as:premap(PAGE, m:frames("4K"), "4K", "rw-u", 1)
as:premap(KEPT, m:frames("4K"), "4K", "rw-u", 1)

m.core[1]:program(function(core)
  core:switch(as)
  m:barrier("left")
  local begin = core:now()
  as:unmap(core, PAGE)
  print("unmapped, without an interrupt:", core:now() - begin < 2000)
  m:barrier("unmapped")
end)

m.core[2]:program(function(core)
  core:switch(as)
  core:load(PAGE)
  core:load(KEPT)
  core:switch(other)
  m:barrier("left")
  m:barrier("unmapped")
  core:wait(5000)                                   -- the entry is still there, and of no use
  core:switch(as)
  print("back", core:load(PAGE))
  local begin = core:now()
  core:load(KEPT, { data = "none" })
  print("the other page was dropped, too:", core:now() - begin > 1)
end)
