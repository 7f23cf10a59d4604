-- exit 2
local s = stream.zipf { base = 0, size = 5000, n = 10 }
