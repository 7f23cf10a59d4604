-- exit 2
local m = machine { preset = 53 }
