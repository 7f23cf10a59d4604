-- exit 2
local m = machine {}
m:address_space { format = "ept-48", hardware = "access" }
