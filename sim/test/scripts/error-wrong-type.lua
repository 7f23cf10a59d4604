-- exit 2
local m = machine { cores = "two" }
