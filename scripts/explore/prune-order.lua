-- In which order an unmap takes down an empty table: clear, invalidate, wait, release; or release first.
--
-- Core 1 unmaps the only page of a last-level table of stage 2 while core 2 maps a page that needs such a table. The
-- algorithm of `radix-verified` releases the empty table before it clears the entry that points to it: core 2 may be
-- given that very block, and a walk of the other page's neighbour comes through it to a frame that it never had. `radix` has
-- the right order.
--
--   mmusim explore --all scripts/explore/prune-order.lua .../radix-verified.so
--   mmusim explore scripts/explore/prune-order.lua radix

local NEIGHBOUR = 0x40001000                              -- of OWN: in the same last-level table, never mapped
local m = explore { cores = 2, tlb_entries = 1, store_buffer = 1, evicts = false, pages = { NEIGHBOUR } }
local as = m:address_space { table = arg[1] or "radix", format = "vmsa-s2-4k-39" }
local OWN, KEEP, NEW = 0x40000000, 0x40200000, 0x40401000
as:premap(OWN, m:frames("4K"), "4K", "rwx")
as:premap(KEEP, m:frames("4K"), "4K", "rwx")              -- so that the table above stays in use
local frame = m:frames("4K")

m.core[1]:program(function(core)
  as:unmap(core, OWN)
end)

m.core[2]:program(function(core)
  as:map(core, NEW, frame, "4K", "rwx")
end)
