-- exit 2
local m = machine { cache = { lines = 64 } }
