-- exit 2
local s = stream.zipf { base = 0, size = "1M", n = 10, skwe = 1 }
