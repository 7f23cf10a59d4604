-- exit 2
local m = machine {}
local as = m:address_space { format = "x86-64-48" }
as:premap(1 << 47, m:frames("4K"), "4K", "rw-u")
