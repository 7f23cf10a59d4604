-- Core 1 unmaps a page, whose table is freed, and maps another one far away, for which the table is used again; and so on. Core 2
-- has caches of tables and has used the pages; with arg[#arg] "adversary" both walk all the while, and their walks wait behind what
-- they have read.
local m = machine {
  seed = math.tointeger(arg[1]),
  cores = 2, record = "all", memory = { size = "64M", latency = 40 },
  store_buffer = { depth = 8, drain = 1 }, network = { latency = 5 }, walker = { slots = 4 },
  walk_cache = { tables = { entries = 32, ways = 8 } },
  adversary = arg[#arg] == "adversary" and { period = 100, reach = 1, delay = 1000 } or nil,
}
local as = m:address_space {}
local BASE, STEP, PLACES, KEPT = 0x40000000, 0x200000, 6, 3
local frames, changed = {}, false
for place = 0, PLACES - 1 do frames[place] = m:frames("4K") end
for place = 0, KEPT - 1 do as:premap(BASE + place * STEP, frames[place], "4K", "rw-u") end

m.core[1]:program(function(core)
  core:switch(as)
  core:wait(5000)
  for round = 0, 150 do
    as:unmap(core, BASE + round % PLACES * STEP)
    as:map(core, BASE + (round + KEPT) % PLACES * STEP, frames[(round + KEPT) % PLACES], "4K", "rw-u")
  end
  changed = true
  m:barrier("changed")
end)

m.core[2]:program(function(core)
  core:switch(as)
  for place = 0, PLACES - 1 do core:load(BASE + place * STEP) end
  while not changed do core:wait(60) end
  m:barrier("changed")
  for place = 0, PLACES - 1 do core:load(BASE + place * STEP) end
end)
