-- exit 2
local m = machine { cache = { l1 = { size = "33000" } } }
