-- Core 2 loads pages; core 1 interrupts it with a list of invalidations by hand; core 2 loads all of them again.
local m = machine { cores = 2, record = "all", memory = { size = "64M" } }
local as = m:address_space {}
local BASE, PAGES = 0x40000000, 8
as:premap(BASE, m:frames("32K"), "4K", "rw-u", PAGES)

m.core[1]:program(function(core)
  core:switch(as)
  m:barrier("used")
  local list = {}
  for page = 1, 5, 2 do list[#list + 1] = { va = BASE + page * 4096, asid = as } end
  core:ipi { cores = { 2 }, invalidations = list, wait = true }
  m:barrier("invalidated")
end)

m.core[2]:program(function(core)
  core:switch(as)
  for page = 0, PAGES - 1 do core:load(BASE + page * 4096) end
  m:barrier("used")
  m:barrier("invalidated")
  for page = 0, PAGES - 1 do core:load(BASE + page * 4096) end
end)
