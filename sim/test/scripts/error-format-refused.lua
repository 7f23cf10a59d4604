-- exit 2
local m = machine {}
m:address_space { table = "hashed", format = "sv39" }
