-- exit 1
-- Two virtual machines with a guest each, both of ASID 1. The first guest unmaps a page, and what is invalidated has the other
-- machine's VMID: the first one's entry stays.
local m = machine { memory = { size = "64M" }, record = "all" }
local TABLES, MEMORY, VA = 0x40000000, 0x80000000, 0x400000
local guests = {}
for vmid = 1, 2 do
  local vm = m:address_space { format = "vmsa-s2-4k-48", vmid = vmid }
  vm:premap(TABLES, m:frames("64K"), "4K", "rw-", 16)
  vm:premap(MEMORY, m:frames("4K"), "4K", "rw-")
  guests[vmid] = m:address_space { table = "radix-forgets-invalidation", format = "vmsa-4k-48", asid = 1, stage2 = vm,
                                   tables = { base = TABLES, size = "64K" } }
  guests[vmid]:premap(VA, MEMORY, "4K", "rw-u")
end

m.core[1]:program(function(core)
  core:switch(guests[1])
  core:store(VA, 42)
  guests[1]:unmap(core, VA)
  core:switch(guests[2])
  core:tlbi("vae1is", VA, guests[2])
  core:dsb()
  core:switch(guests[1])
  print("invalidated in the other machine", core:load(VA))
  core:tlbi("vae1is", VA, guests[1])
  core:dsb()
  print("invalidated in this one", core:load(VA))
end)
