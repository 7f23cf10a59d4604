-- exit 2
local m = machine { cache = { l2 = {} } }
