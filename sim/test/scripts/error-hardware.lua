-- exit 2
local m = machine { memory = { size = "64M" } }
local vm = m:address_space { format = "vmsa-s2-4k-39" }
vm:premap(0x40000000, m:frames("64K"), "4K", "rw-", 16)
m:address_space { hardware = "all" }
