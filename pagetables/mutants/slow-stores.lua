-- Stores stay in the store buffer for long. A core that loads from a page in the meantime, while it is unmapped, reads its
-- entry again right after the invalidation.
local m = machine { cores = 2, record = "all", memory = { size = "64M" }, store_buffer = { depth = 8, drain = 2000 } }
local as = m:address_space { table = arg[1] }
local PAGE = 0x40000000
as:premap(PAGE, m:frames("4K"), "4K", "rw-u")
as:premap(PAGE + 0x1000, m:frames("4K"), "4K", "rw-u")
local done = false

m.core[1]:program(function(core)
  core:switch(as)
  m:barrier("ready")
  core:wait(1500)
  as:unmap(core, PAGE)
  core:wait(2000)
  done = true
end)

m.core[2]:program(function(core)
  core:switch(as)
  m:barrier("ready")
  repeat
    core:load(PAGE)
    core:wait(20)
  until done
end)
