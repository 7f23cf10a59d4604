-- TLBs of one set, so that all entries stand side by side: neighbours, a small page in the place of a large one, and a page whose
-- frame changes.
local m = machine {
  cores = 2, record = "all", memory = { size = "64M", latency = 20 },
  tlb = { l1d = { entries = 16, ways = 16 }, l2 = { entries = 32, ways = 32, latency = 3 } },
}
local as = m:address_space {}
local LARGE, SMALL = 0x40000000, 0x40200000
local frames = { m:frames("4K"), m:frames("4K"), m:frames("2M"), m:frames("4K") }
as:premap(LARGE, frames[3], "2M", "rw-u")
as:premap(SMALL, frames[1], "4K", "rw-u")
as:premap(SMALL + 0x1000, frames[4], "4K", "rw-u")

m.core[1]:program(function(core)
  core:switch(as)
  for place = 0, 3 do core:store(LARGE + place * 0x1008, place) end
  for place = 0, 1 do core:store(SMALL + place * 0x1000, 10 + place) end
  for place = 0, 3 do core:load(SMALL + place // 2 * 0x1000) end
  as:unmap(core, SMALL)
  as:map(core, SMALL, frames[2], "4K", "rw-u")
  for place = 0, 3 do core:load(SMALL + place // 2 * 0x1000) end
  as:unmap(core, LARGE)
  as:map(core, LARGE + 0x1000, m:frames("4K"), "4K", "rw-u")
  for place = 0, 3 do core:load(LARGE + place * 0x1008) end
end)
