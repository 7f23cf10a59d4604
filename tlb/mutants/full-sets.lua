-- Small TLBs, all of whose sets are full of pages of one region and one space, many of which are then unmapped; at the end the
-- space goes out of use, and another one has its ASID and its addresses.
local m = machine {
  cores = 1, record = "all", memory = { size = "64M", latency = 20 },
  tlb = { l1d = { entries = 8, ways = 4 }, l2 = { entries = 32, ways = 4, latency = 3 } },
}
local as, idle = m:address_space { asid = 1 }, m:address_space { asid = 2 }
local BASE, PAGES = 0x40000000, 48
as:premap(BASE, m:frames("256K"), "4K", "rw-u", PAGES)
local heir = m:address_space { asid = 1 }
heir:premap(BASE, m:frames("256K"), "4K", "rw-u", PAGES)

m.core[1]:program(function(core)
  core:switch(as)
  for page = 0, PAGES - 1 do core:store(BASE + page * 4096, page) end
  for page = PAGES - 1, 0, -1 do core:load(BASE + page * 4096) end
  for page = 0, PAGES - 1, 3 do as:unmap(core, BASE + page * 4096) end
  for page = 0, PAGES - 1 do core:load(BASE + page * 4096) end
  core:switch(idle)
  as:retire(core)
  core:switch(heir)
  for page = PAGES - 1, 0, -1 do core:load(BASE + page * 4096) end
end)
