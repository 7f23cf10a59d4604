-- exit 2
local m = machine {}
m:address_space { format = "x86-64-48", controls = { pke = true, pkru = 1 << 32 } }
