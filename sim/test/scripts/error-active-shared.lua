-- exit 2
local m = machine { cores = 2, tlb = { l2 = { shared = true } }, invalidation = { scheme = "interrupt" },
                    shootdown = { targets = "active" } }
