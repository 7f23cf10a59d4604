-- exit 2
local m = machine { format = "sv93" }
