-- exit 2
local m = machine { preset = "defaults" }
