-- exit 2
local m = machine { cores = 65 }
