-- exit 1
-- A hypervisor that clears an entry of its stage-2 table by hand: no operation took the page away, and the guest's load
-- faults at an intermediate address that is mapped.
local m = machine { cores = 2, memory = { size = "64M" }, record = "all" }
local TABLES, MEMORY, VA = 0x40000000, 0x80000000, 0x400000
local vm = m:address_space { format = "vmsa-s2-4k-39", vmid = 1 }
vm:premap(TABLES, m:frames("64K"), "4K", "rw-", 16)
vm:premap(MEMORY, m:frames("4K"), "4K", "rw-")
local as = m:address_space { format = "vmsa-4k-39", stage2 = vm, tables = { base = TABLES, size = "64K" } }
as:premap(VA, MEMORY, "4K", "rw-u")

m.core[1]:program(function(core)
  local entry = vm.root
  for shift = 30, 21, -9 do
    entry = core:read(entry + (MEMORY >> shift & 511) * 8) & 0xfffffffff000
  end
  core:write(entry, 0)
  core:dsb()
  m:barrier("cleared")
end)

m.core[2]:program(function(core)
  core:switch(as)
  m:barrier("cleared")
  print(core:load(VA))
end)
