-- exit 2
-- By priority, those who wait for a lock keep the bus from its holder for ever.
local m = machine { cores = 16, record = "counters", memory = { size = "64M", latency = 5 }, bus = { arbitration = "priority", occupancy = 8 } }
local as = m:address_space {}
for number = 1, 16 do
  m.core[number]:program(function(core)
    core:switch(as)
    if number < 16 then core:wait(400) end
    as:map(core, 0x40000000 + number * 4096, m:frames("4K"), "4K", "rw-u")
  end)
end
