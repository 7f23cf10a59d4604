-- Map against a reader, in every order: core 1 maps a page that core 2 asks for twice.
--
-- Right: core 2 faults until the entry is visible and has the page from then on; never half of an entry, never a table
-- that is linked before it is cleared. Another page of the same table is mapped before.
--
--   mmusim explore scripts/explore/map.lua [TABLE]

local m = explore { cores = 2, tlb_entries = 1, store_buffer = 1, pages = { 0x0 } }
local as = m:address_space { table = arg[1] or "radix" }
local PAGE = 0x0
local frame = m:frames("4K")

m.core[1]:program(function(core)
  as:map(core, PAGE, frame, "4K", "rw-u")
end)

m.core[2]:program(function(core)
  core:load(PAGE)
  core:load(PAGE)
end)
