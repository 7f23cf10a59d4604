-- exit 2
local m = machine {}
local as = m:address_space { asid = 65536 }
