-- A guest gives a page away and maps it anew, on its own core; its tables lie in pages that its hypervisor has moved before.
-- arg: the guest's table.
local TABLES <const>, MEMORY <const>, VA <const> = 0x40000000, 0x80000000, 0x400000
local m = machine { cores = 2, record = "all", memory = { size = "64M" } }
local vm = m:address_space { format = "vmsa-s2-4k-39", vmid = 1 }
local memory = m:frames("64K")
vm:premap(TABLES, memory + 0x8000, "4K", "rw-", 8)
vm:premap(TABLES + 0x8000, memory, "4K", "rw-", 8)
vm:premap(MEMORY, m:frames("16K"), "4K", "rw-", 4)
local guest = m:address_space { table = arg[1] or "radix", format = "vmsa-4k-39", asid = 1, stage2 = vm,
                                tables = { base = TABLES, size = "64K" } }
guest:premap(VA, MEMORY, "4K", "rw-u", 2)

m.core[1]:program(function(core)
  core:switch(guest)
  assert(guest:unmap(core, VA))
  core:wait(1000)
  assert(guest:map(core, VA, MEMORY + 0x3000, "4K", "rw-u"))
end)
