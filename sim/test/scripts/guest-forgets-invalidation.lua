-- exit 1
-- A stage-2 table that forgets TLBs: the guest's core keeps its combined entry, walk caches what they know of stage 2.
local m = machine { cores = 2, memory = { size = "64M" }, record = "all", tlb = { l1d = { entries = 2, ways = 2 }, l2 = { entries = 4, ways = 4 } },
                    walk_cache = { i = { holds = "ipa" } } }
local TABLES, MEMORY, VA = 0x40000000, 0x80000000, 0x400000
local vm = m:address_space { table = "radix-forgets-invalidation", format = "vmsa-s2-4k-39", vmid = 1 }
vm:premap(TABLES, m:frames("64K"), "4K", "rw-", 16)
vm:premap(MEMORY, m:frames("32K"), "4K", "rw-", 8)
local as = m:address_space { format = "vmsa-4k-39", stage2 = vm, tables = { base = TABLES, size = "64K" } }
as:premap(VA, MEMORY, "4K", "rw-u", 8)

m.core[1]:program(function(core)
  m:barrier("warm")
  vm:unmap(core, MEMORY)
  m:barrier("unmapped")
end)

m.core[2]:program(function(core)
  core:switch(as)
  core:store(VA, 42)
  m:barrier("warm")
  m:barrier("unmapped")
  print("by the entry", core:load(VA))
  for page = 1, 7 do core:load(VA + page * 4096) end
  print("by the cached intermediate address", core:load(VA))
end)
