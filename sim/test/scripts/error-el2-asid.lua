-- exit 2
local m = machine {}
m:address_space { format = "vmsa-el2-4k-48", asid = 1 }
