-- exit 2
local m = machine { frobnicate = 3 }
