-- exit 2
local m = machine { ordering = 86 }
