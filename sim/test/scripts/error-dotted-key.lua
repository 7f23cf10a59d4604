-- exit 2
local m = machine { ["memory.latency"] = 100 }
