-- exit 2
local m = machine {}
m:address_space { format = "vmsa-4k-48", controls = { pan = 1 } }
