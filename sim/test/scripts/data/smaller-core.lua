-- A preset that begins with another.
return { preset = "./data/small-core.lua", cores = 1, tlb = { l2 = { latency = 6 } } }
