-- Break-before-make, in every order: core 1 changes the memory type of a page that core 2 writes.
--
-- Arm (DDI 0487 L.b, D8.17.1): such an entry changes through an invalid one, with an invalidation between, since hardware that
-- held both might use either, or mix them. Right: the protocol is kept, and nobody sees more than the old page, none, or the
-- new one.
--
--   mmusim explore scripts/explore/break-before-make.lua [TABLE [TYPE]]
--   mmusim explore scripts/explore/break-before-make.lua radix-forgets-break        changed_without_break
--   mmusim explore scripts/explore/break-before-make.lua radix-forgets-break r--u   no break is needed: clean

local m = explore { cores = 2, tlb_entries = 1, store_buffer = 1 }
local as = m:address_space { table = arg[1] or "radix" }
local PAGE = 0x0
as:premap(PAGE, m:frames("4K"), "4K", "rw-u")

m.core[1]:program(function(core)
  as:protect(core, PAGE, arg[2] or "rw-ud")
end)

m.core[2]:program(function(core)
  core:store(PAGE, 1)
  core:load(PAGE)
end)
