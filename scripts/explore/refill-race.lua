-- The walk-refill race, in every order: a walk that has read an entry before it goes, and fills the TLB after.
--
-- Core 1 unmaps a page and maps another frame at its place; core 2 reads and writes. Between the words of a walk lies any
-- time. Right: a walk that an invalidation has caught fills nothing, and the invalidation is complete only when the accesses
-- that were translated so are; a store of core 2 goes to the old frame before unmap returns or to the new one, never
-- to the old one afterwards.
--
--   mmusim explore scripts/explore/refill-race.lua [TABLE]
--   mmusim explore scripts/explore/refill-race.lua radix-forgets-barrier    -- the TLBI overtakes the store

local m = explore { cores = 2, tlb_entries = 1, store_buffer = 2 }
local as = m:address_space { table = arg[1] or "radix" }
local PAGE = 0x0
local second = m:frames("4K")
as:premap(PAGE, m:frames("4K"), "4K", "rw-u")

m.core[1]:program(function(core)
  as:unmap(core, PAGE)
  as:map(core, PAGE, second, "4K", "rw-u")
end)

m.core[2]:program(function(core)
  core:load(PAGE)
  core:store(PAGE, 1)
end)
