-- Core 2 loads from a page all the time, several accesses in flight, while core 1 maps it: those that came after the mapping
-- was complete see it, whatever the walk for the first one found.
local m = machine { cores = 2, record = "all", memory = { size = "64M", latency = 300 } }
local as = m:address_space {}
local BASE, PAGES = 0x40000000, 16
as:premap(BASE + 0x100000, m:frames("4K"), "4K", "rw-u")

m.core[1]:program(function(core)
  core:switch(as)
  for page = 0, PAGES - 1 do
    m:barrier("page")
    core:wait(1 + 37 * page)
    as:map(core, BASE + page * 4096, m:frames("4K"), "4K", "rw-u")
  end
end)

m.core[2]:program(function(core)
  core:switch(as)
  core:on_fault(function(handler)
    handler:wait(4000)
    return true
  end)
  for page = 0, PAGES - 1 do
    m:barrier("page")
    core:wait(500)
    core:run(stream.sequential { base = BASE + page * 4096, size = "4K", n = 256, stride = 16 }, { window = 64, data = "none" })
  end
end)
