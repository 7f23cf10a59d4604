-- exit 2
local m = machine { preset = "./data/nobody.lua" }
