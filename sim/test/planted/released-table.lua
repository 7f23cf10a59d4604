-- A page table that releases a table and lets walk caches keep the way to it: its invalidations ask for the last level only.
-- The table is used again for another page, and a walk that begins there takes that page's entry for its own.
-- arg[1] "wrong": that page table; else the right one.
local m = machine {
  cores = 2, record = arg[2] or "all", memory = { size = "64M" },
  walk_cache = { tables = { entries = 16, ways = 4 } },
}
local as = m:address_space { table = arg[1] == "wrong" and "radix-forgets-tables" or "radix" }
local PAGE, OTHER, NEIGHBOUR = 0x40000000, 0x40200000, 0x40400000
local other_frame = m:frames("4K")
as:premap(PAGE, m:frames("4K"), "4K", "rw-u")
as:premap(NEIGHBOUR, m:frames("2M"), "2M", "rw-u")

m.core[1]:program(function(core)
  core:switch(as)
  m:barrier("used")
  as:unmap(core, PAGE)
  as:map(core, OTHER, other_frame, "4K", "rw-u")
  core:store(OTHER, 99)
  m:barrier("reused")
end)

m.core[2]:program(function(core)
  core:switch(as)
  core:load(PAGE)
  m:barrier("used")
  m:barrier("reused")
  core:wait(1000)
  local value, fault = core:load(PAGE)
  print("core 2: " .. tostring(value) .. " " .. tostring(fault))
end)
