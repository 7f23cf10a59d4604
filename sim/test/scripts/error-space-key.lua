-- exit 2
local m = machine {}
local as = m:address_space { asdi = 3 }
