-- By priority, a stream keeps the bus from another core for longer than a run is given in which nothing goes on; but it goes on.
local m = machine {
  cores = 2, record = "counters", memory = { size = "64M", latency = 5 }, bus = { arbitration = "priority", occupancy = 2 },
}
local as = m:address_space {}
as:premap(0x40000000, m:frames("8K"), "4K", "rw-u", 2)
for number = 1, 2 do
  m.core[number]:program(function(core)
    core:switch(as)
    if number == 1 then
      core:run(stream.sequential { base = 0x40000000, size = "4K", n = 450000, step = 8 }, { window = 64, data = "bus" })
    else
      core:wait(5000)
      core:load(0x40001000)
    end
    print("core " .. number, core:now() > 800000)
  end)
end
