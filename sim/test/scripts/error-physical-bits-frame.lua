-- exit 2
local m = machine { memory = { size = "8G" } }
local as = m:address_space { format = "x86-64-48", physical_bits = 32 }
as:premap(0x400000, 1 << 32, "4K", "rw-u")
