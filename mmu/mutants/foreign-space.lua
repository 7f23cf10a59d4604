-- Core 1 unmaps a page of a space that it does not run, and core 2 does.
local m = machine { cores = 2, record = "all", memory = { size = "64M" } }
local as, own = m:address_space {}, m:address_space {}
local PAGE = 0x40000000
as:premap(PAGE, m:frames("4K"), "4K", "rw-u")

m.core[1]:program(function(core)
  core:switch(own)
  m:barrier("used")
  as:unmap(core, PAGE)
  m:barrier("unmapped")
end)

m.core[2]:program(function(core)
  core:switch(as)
  core:load(PAGE)
  m:barrier("used")
  m:barrier("unmapped")
  core:load(PAGE)
end)
