-- A guest's page of 2 MiB on small pages of its virtual machine: TLBs have parts of it, and one invalidation of the page drops
-- them all.
local m = machine { cores = 2, memory = { size = "64M" }, record = "all" }
local TABLES, MEMORY, VA = 0x40000000, 0x80000000, 0x400000
local vm = m:address_space { format = "vmsa-s2-4k-48", vmid = 1 }
vm:premap(TABLES, m:frames("64K"), "4K", "rw-", 16)
vm:premap(MEMORY, m:frames("64K"), "4K", "rw-", 16)
local as = m:address_space { stage2 = vm, tables = { base = TABLES, size = "64K" } }
as:premap(VA, MEMORY, "2M", "rw-u")

m.core[1]:program(function(core)
  m:barrier("warm")
  as:unmap(core, VA)
  m:barrier("unmapped")
end)

m.core[2]:program(function(core)
  core:switch(as)
  for page = 0, 15 do core:store(VA + page * 4096, page) end
  m:barrier("warm")
  m:barrier("unmapped")
  local left = 0
  for page = 0, 15 do left = left + (core:load(VA + page * 4096) and 1 or 0) end
  print(left .. " pages left")
end)
