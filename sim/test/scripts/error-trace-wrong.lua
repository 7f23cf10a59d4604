-- exit 2
local s = stream.trace { path = "error-trace-wrong.lua" }
