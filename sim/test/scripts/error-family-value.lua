-- exit 2
local m = machine { walk_cache = false }
