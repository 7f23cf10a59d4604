-- Two cores map two pages of one last-level table that is not there yet, in every order.
--
-- Right: both pages are there in the end. The algorithm of `radix-verified` keeps nobody out: both cores find that there is no
-- table, both link one of their own, and the later link hides the earlier one with its page. `radix` has a lock.
--
--   mmusim explore scripts/explore/two-maps.lua radix
--   mmusim explore --all scripts/explore/two-maps.lua .../radix-verified.so

local m = explore { cores = 2, tlb_entries = 1, store_buffer = 1, pages = {} }
local as = m:address_space { table = arg[1] or "radix", format = "vmsa-s2-4k-39" }
local ONE, OTHER, KEEP = 0x40000000, 0x40001000, 0x40200000
local frames = { m:frames("4K"), m:frames("4K") }
as:premap(KEEP, m:frames("4K"), "4K", "rwx")              -- so that the table above is there

m.core[1]:program(function(core)
  as:map(core, ONE, frames[1], "4K", "rwx")
end)

m.core[2]:program(function(core)
  as:map(core, OTHER, frames[2], "4K", "rwx")
end)
