-- exit 2
local m = machine { bus = { width = 24 } }
