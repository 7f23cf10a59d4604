-- exit 2
local m = machine { memory = { size = "4Q" } }
