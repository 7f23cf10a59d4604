-- exit 2
-- Eight pages of the region are mapped, and the guest's table needs more.
local m = machine { memory = { size = "64M" } }
local vm = m:address_space { format = "vmsa-s2-4k-39" }
vm:premap(0x40000000, m:frames("32K"), "4K", "rw-", 8)
local as = m:address_space { stage2 = vm, tables = { base = 0x40000000, size = "64K" } }
m.core[1]:program(function(core)
  as:map(core, 0x400000, 0x80000000, "4K", "rw-u")
  as:map(core, 0x40000000, 0x80001000, "4K", "rw-u")
end)
