-- exit 2
local m = machine { bus = { arbitration = "fair" } }
