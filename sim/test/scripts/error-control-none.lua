-- exit 2
local m = machine {}
m:address_space { format = "vmsa-s2-4k-48", controls = { pan = true } }
