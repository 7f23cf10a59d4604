-- exit 2
local m = machine { preset = "./data/wrong-record.lua" }
