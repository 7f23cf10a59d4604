-- A page table that forgets the invalidation, caught: the other core goes on with an entry that its TLB kept.
--
-- The same as `unmap-right.lua`, but for the page table, in which a bug is planted: it removes the entry and
-- never tells the TLBs. Core 2 reads what the frame's new owner writes. Both `run` and `check` say so and exit
-- with status 1.
--
--   mmusim run scripts/unmap-forgets-invalidation.lua
--   mmusim check --stories 1 unmap-forgets-invalidation.db
--   mmusim explain unmap-forgets-invalidation.db
--   mmusim query unmap-forgets-invalidation.db "SELECT * FROM violations LIMIT 5"
--   mmusim query unmap-forgets-invalidation.db stale_residents

local m = machine { cores = 2, record = "all", memory = { size = "64M" } }
local as = m:address_space { table = "radix-forgets-invalidation", format = "vmsa-4k-48" }

local PAGE, NEIGHBOUR, OTHER = 0x400000, 0x401000, 0x402000
as:premap(NEIGHBOUR, m:frames("4K"), "4K", "rw-u")   -- so that the unmap leaves the tables in use

m.core[1]:program(function(core)
  local frame = m:frames("4K")
  core:switch(as)
  as:map(core, PAGE, frame, "4K", "rw-u")
  core:store(PAGE, 42)
  m:barrier("mapped")
  core:wait(2000)
  local begin = core:now()
  as:unmap(core, PAGE)
  print("core 1: unmapped from cycle " .. begin .. " to " .. core:now())
  as:map(core, OTHER, frame, "4K", "rw-u")
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
