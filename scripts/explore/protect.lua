-- Protect against a writer, in every order: core 1 takes away the right to write while core 2 writes twice.
--
-- Right: when protect has returned, no store with the old right is still to come, not from a TLB entry, not from a walk that
-- read the old entry, not from a store buffer.
--
--   mmusim explore scripts/explore/protect.lua [TABLE]
--   mmusim explore scripts/explore/protect.lua radix-forgets-invalidation

local m = explore { cores = 2, tlb_entries = 1, store_buffer = 1 }
local as = m:address_space { table = arg[1] or "radix" }
local PAGE = 0x0
as:premap(PAGE, m:frames("4K"), "4K", "rw-u")

m.core[1]:program(function(core)
  as:protect(core, PAGE, "r--u")
end)

m.core[2]:program(function(core)
  core:store(PAGE, 1)
  core:store(PAGE, 2)
end)
