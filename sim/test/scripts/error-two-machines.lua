-- exit 2
local m = machine {}
local n = machine {}
