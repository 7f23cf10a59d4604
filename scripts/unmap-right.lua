-- An unmap that is right: it returns when no core can use the mapping any more.
--
-- Core 2 loads from a page all the time while core 1 unmaps it and gives the frame to another page. Every load
-- either still sees the page's value, or faults; none sees the new owner's.
-- `unmap-forgets-invalidation.lua` is the same with a page table that forgets the TLBs.
--
--   mmusim run scripts/unmap-right.lua
--   mmusim check unmap-right.db
--   mmusim query unmap-right.db shootdowns
--   mmusim query unmap-right.db "SELECT * FROM event_log WHERE operation = 2"       -- the unmap, step by step

local m = machine { cores = 2, record = "all", memory = { size = "64M" } }
local as = m:address_space { table = "radix", format = "vmsa-4k-48" }

local PAGE, NEIGHBOUR, OTHER = 0x400000, 0x401000, 0x402000
as:premap(NEIGHBOUR, m:frames("4K"), "4K", "rw-u")   -- so that the unmap leaves the tables in use

m.core[1]:program(function(core)
  local frame = m:frames("4K")
  core:switch(as)
  as:map(core, PAGE, frame, "4K", "rw-u")
  core:store(PAGE, 42)
  m:barrier("mapped")
  core:wait(2000)                                  -- core 2 has the page in its TLB now
  local begin = core:now()
  as:unmap(core, PAGE)
  print("core 1: unmapped from cycle " .. begin .. " to " .. core:now())
  as:map(core, OTHER, frame, "4K", "rw-u")         -- the frame has a new owner
  core:store(OTHER, 99)
end)

m.core[2]:program(function(core)
  core:switch(as)
  m:barrier("mapped")
  local good, wrong, fault = 0, 0, nil
  for _ = 1, 200 do
    local value
    value, fault = core:load(PAGE)
    if fault then break end
    if value == 42 then good = good + 1 else wrong = wrong + 1 end
  end
  print("core 2: " .. good .. " loads of 42, " .. wrong .. " of something else, then " .. tostring(fault))
end)
