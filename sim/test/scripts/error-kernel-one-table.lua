-- exit 2
local m = machine {}
local k = m:address_space { format = "vmsa-4k-48-high" }
m:address_space { format = "x86-64-48", kernel = k }
