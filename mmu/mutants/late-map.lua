-- Core 1 maps a page while core 2 loads from it, several accesses in flight. Core 1 has the entry's line in its data cache, and
-- is faster than core 2's walk, which waits for memory: accesses that come after the mapping is complete see it, whatever the
-- walk finds for those who came before.
local m = machine {
  cores = 2, record = "all", memory = { size = "64M", latency = 400 }, network = { latency = 5 },
  cache = { line = 64, l1 = { size = "4K", ways = 4 } },
}
local as = m:address_space {}
local BASE, STEP, PAGES = 0x40000000, 0x8000, 12
as:premap(BASE - STEP, m:frames("4K"), "4K", "rw-u")

m.core[1]:program(function(core)
  core:switch(as)
  for page = 0, PAGES - 1 do
    as:query(core, BASE + page * STEP)
    m:barrier("page")
    core:wait(300 + 20 * page)
    as:map(core, BASE + page * STEP, m:frames("4K"), "4K", "rw-u")
  end
end)

m.core[2]:program(function(core)
  core:switch(as)
  core:on_fault(function(handler)
    handler:wait(2000)
    return true
  end)
  for page = 0, PAGES - 1 do
    m:barrier("page")
    core:wait(300)
    core:run(stream.sequential { base = BASE + page * STEP, size = "4K", n = 200, step = 16 }, { window = 128, data = "fixed" })
  end
end)
