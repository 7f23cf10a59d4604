-- exit 2
local m = machine {}
m.core[1]:wait(5)
