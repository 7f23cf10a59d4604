-- exit 2
local m = machine {}
local k = m:address_space { format = "sv39" }
m:address_space { kernel = k }
