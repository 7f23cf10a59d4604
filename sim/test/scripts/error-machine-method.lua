-- exit 2
local m = machine {}
m:frmaes("4K")
