-- The store that clears an entry stays in the buffer for longer than another core's walk takes: software's barrier waits for it
-- before it invalidates.
local m = machine {
  cores = 2, record = "all", memory = { size = "64M", latency = 20 }, network = { latency = 5 },
  store_buffer = { depth = 8, drain = 2000 },
}
local as = m:address_space {}
local BASE, PAGES = 0x40000000, 6
as:premap(BASE, m:frames("32K"), "4K", "rw-u", PAGES)

m.core[1]:program(function(core)
  core:switch(as)
  m:barrier("ready")
  for page = 0, PAGES - 1 do as:unmap(core, BASE + page * 4096) end
  m:barrier("done")
end)

m.core[2]:program(function(core)
  core:switch(as)
  m:barrier("ready")
  for round = 1, 60 do
    for page = 0, PAGES - 1 do core:load(BASE + page * 4096) end
    core:wait(100)
  end
  m:barrier("done")
end)
