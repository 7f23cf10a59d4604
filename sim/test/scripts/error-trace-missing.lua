-- exit 2
local s = stream.trace { path = "no-such.mtrace" }
