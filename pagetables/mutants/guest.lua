-- The hypervisor takes a page away from a guest that uses it, and gives it another frame.
local m = machine { cores = 2, record = "all", memory = { size = "64M" } }
local vm = m:address_space { format = "vmsa-s2-4k-48" }
local RAM, PAGE = 0x80000000, 0x80100000
vm:premap(RAM, m:frames("64K"), "4K", "rwx", 16)
vm:premap(PAGE, m:frames("4K"), "4K", "rw-")
local guest = m:address_space { stage2 = vm, tables = { base = RAM, size = "64K" } }
guest:premap(0x400000, PAGE, "4K", "rw-u")

m.core[1]:program(function(core)
  m:barrier("used")
  vm:unmap(core, PAGE)
  vm:map(core, PAGE, m:frames("4K"), "4K", "rw-")
  m:barrier("moved")
end)

m.core[2]:program(function(core)
  core:switch(guest)
  core:store(0x400000, 7)
  m:barrier("used")
  m:barrier("moved")
  core:store(0x400000, 8)
end)
