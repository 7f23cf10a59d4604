-- The small form of pagetables/radix_verified/executable.lua: a page that was mapped for reading is fetched from.
-- arg: page table
local PAGE = 0x40000000
local m = explore { cores = 1, tlb_entries = 1, store_buffer = 1 }
local as = m:address_space { table = arg[1] or "radix", format = "vmsa-s2-4k-39" }
local frame = m:frames("4K")

m.core[1]:program(function(core)
  as:map(core, PAGE, frame, "4K", "r--")
  core:fetch(PAGE)
end)
