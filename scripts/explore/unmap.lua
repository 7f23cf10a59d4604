-- Unmap against a reader, in every order: core 1 unmaps a page that core 2 reads and writes.
--
-- Right: whatever core 2 does, it either still has the page while unmap is under way, or faults; and when unmap has
-- returned, no TLB has the page and no walk brings it back. The tables that forget something break that.
--
-- The third argument is another format, with its own order of memory and way of invalidating: "x86-64-48", "sv39".
--
--   mmusim explore scripts/explore/unmap.lua                               -- radix, or any other table
--   mmusim explore scripts/explore/unmap.lua radix-forgets-invalidation
--   mmusim explore scripts/explore/unmap.lua radix-forgets-barrier         -- nothing is found ...
--   mmusim explore scripts/explore/unmap.lua radix-forgets-barrier 2       -- ... unless two stores may wait

local m = explore { cores = 2, tlb_entries = 1, store_buffer = tonumber(arg[2] or 1) }
local as = m:address_space { table = arg[1] or "radix", format = arg[3] }
local PAGE = 0x0
as:premap(PAGE, m:frames("4K"), "4K", "rw-u")

m.core[1]:program(function(core)
  as:unmap(core, PAGE)
end)

m.core[2]:program(function(core)
  local _, fault = core:load(PAGE)
  if not fault then core:store(PAGE, 1) end
end)
