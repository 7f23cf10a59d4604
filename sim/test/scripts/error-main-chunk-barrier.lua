-- exit 2
local m = machine {}
m:barrier()
