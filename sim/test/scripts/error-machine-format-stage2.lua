-- exit 2
local m = machine { format = "sv39x4" }
