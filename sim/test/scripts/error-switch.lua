-- exit 2
local m = machine { walker = { shared = "yes" } }
