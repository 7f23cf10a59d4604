-- A block of 2 MiB stands where a table had been: the table that it keeps is in the way, and walk caches hold it.
local m = machine {
  cores = 2, record = "all", memory = { size = "64M" }, walk_cache = { pde = { entries = 16 } },
}
local as = m:address_space { table = "radix-keeps-tables" }
local other = m:address_space {}
local PAGE = 0x40000000
as:premap(PAGE, m:frames("4K"), "4K", "rw-u")
as:premap(PAGE + 0x1000, m:frames("4K"), "4K", "rw-u")
other:premap(PAGE, m:frames("4K"), "4K", "rw-u")

m.core[1]:program(function(core)
  core:switch(other)
  m:barrier("used")
  as:unmap(core, PAGE)
  as:unmap(core, PAGE + 0x1000)
  m:barrier("empty")
  m:barrier("tried")
  as:map(core, PAGE, m:frames("2M"), "2M", "rw-u")
  other:map(core, PAGE + 0x200000, m:frames("4K"), "4K", "rw-u") -- takes the table that is free now
  m:barrier("mapped")
end)

m.core[2]:program(function(core)
  core:switch(as)
  core:load(PAGE)
  m:barrier("used")
  m:barrier("empty")
  core:load(PAGE + 0x2000)                        -- a fault; the walk cache has the empty table again
  m:barrier("tried")
  m:barrier("mapped")
  core:load(PAGE)
  core:load(PAGE + 0x1000)
  core:load(PAGE + 0x5000)
end)
