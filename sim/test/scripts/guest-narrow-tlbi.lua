-- exit 1
-- A hypervisor unmaps a page, and invalidates its intermediate address alone: what TLBs have combined of both stages stays
-- (Arm ARM DDI 0487, D8.17.5), and the guest goes on with a page that belongs to somebody else.
local m = machine { cores = 2, memory = { size = "64M" }, record = "all" }
local TABLES, MEMORY, VA = 0x40000000, 0x80000000, 0x400000
local vm = m:address_space { table = "radix-forgets-invalidation", format = "vmsa-s2-4k-39", vmid = 1 }
vm:premap(TABLES, m:frames("64K"), "4K", "rw-", 16)
vm:premap(MEMORY, m:frames("4K"), "4K", "rw-")
local as = m:address_space { format = "vmsa-4k-39", stage2 = vm, tables = { base = TABLES, size = "64K" } }
as:premap(VA, MEMORY, "4K", "rw-u")

m.core[1]:program(function(core)
  core:switch(as)
  m:barrier("warm")
  vm:unmap(core, MEMORY)
  core:tlbi { ipa = MEMORY, vmid = vm.vmid }
  core:dsb()
  m:barrier("unmapped")
end)

m.core[2]:program(function(core)
  core:switch(as)
  core:store(VA, 42)
  m:barrier("warm")
  m:barrier("unmapped")
  print("after TLBI IPAS2E1IS", core:load(VA))
  core:tlbi { scope = "all" }
  core:dsb()
  print("after TLBI VMALLE1IS", core:load(VA))
end)
