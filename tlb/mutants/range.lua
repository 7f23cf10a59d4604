-- Pages are loaded, some of them invalidated as one range by hand, and all loaded again.
local m = machine { record = "all", memory = { size = "64M" } }
local as = m:address_space {}
local BASE, PAGES, DROPPED = 0x40000000, 8, 5
as:premap(BASE, m:frames("32K"), "4K", "rw-u", PAGES)

m.core[1]:program(function(core)
  core:switch(as)
  for page = 0, PAGES - 1 do core:load(BASE + page * 4096) end
  core:tlbi { va = BASE + 4096, size = DROPPED * 4096, asid = as }
  core:dsb()
  for page = 0, PAGES - 1 do core:load(BASE + page * 4096) end
end)
