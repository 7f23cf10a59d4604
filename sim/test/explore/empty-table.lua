-- The small form of pagetables/radix_verified/empty-table.lua: a map that needs two tables gets one, and leaves it there, linked
-- and empty; no block can be mapped where it stands.
-- arg: page table, blocks of memory for tables
local m = explore { cores = 1, tlb_entries = 1, store_buffer = 1, table_blocks = tonumber(arg[2] or 5) }
local vm = m:address_space { table = arg[1] or "radix", format = "vmsa-s2-4k-48" }
local PAGE = 0x40000000
vm:premap(0, m:frames("4K"), "4K", "rwx") -- tables down to level 2 of the first GiB: the page's GiB needs two more
local frame, block = m:frames("4K"), m:frames("1G")

m.core[1]:program(function(core)
  vm:map(core, PAGE, frame, "4K", "rwx")
  vm:map(core, PAGE, block, "1G", "rwx")
end)
