-- Regions: the counters start again, the caches do not.
local m = machine { cores = 2, record = "all", memory = { size = "64M" } }
local as = m:address_space {}
as:premap(0x400000, m:frames("64K"), "4K", "rw-u", 16)
for number = 1, 2 do
  m.core[number]:program(function(core)
    core:switch(as)
    local work = stream.sequential { base = 0x400000, size = "64K", n = 1000 }
    print("cold", core, core:run(work).cycles)
    m:warmup()
    print("warm", core, core:run(work).cycles)
    m:region("second time")
    print("again", core, core:run(work).cycles)
  end)
end
