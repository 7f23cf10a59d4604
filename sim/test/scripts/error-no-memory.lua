-- exit 2
local m = machine { memory = { size = "1M" } }
local frame = m:frames("2M")
