-- exit 2
local s = stream.zpif { base = 0, size = "1M", n = 10 }
