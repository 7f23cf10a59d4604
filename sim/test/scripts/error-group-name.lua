-- exit 2
local m = machine { tbl = { l1d = { entries = 64 } } }
