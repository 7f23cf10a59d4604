-- exit 2
local m = machine { walk_cache = { PDE = { entries = 64 } } }
