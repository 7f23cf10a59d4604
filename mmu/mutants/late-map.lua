-- Core 1 maps a page while core 2 accesses it among others, many accesses in flight; with arg[#arg] "adversary" core 2's walk waits
-- behind what it has read. Accesses that come after the mapping is complete see it, whatever the walk has found for those who came
-- before.
local m = machine {
  cores = 2, record = "all", memory = { size = "64M", latency = 40 }, network = { latency = 5 },
  adversary = arg[#arg] == "adversary" and { period = 1000000, delay = 400 } or nil,
}
local as = m:address_space {}
local BASE, PAGES, ROUNDS = 0x40000000, 16, 12
local frames = m:frames("64K")
as:premap(BASE, frames, "4K", "rw-u", PAGES)

m.core[1]:program(function(core)
  core:switch(as)
  for round = 1, ROUNDS do
    local page = round % PAGES
    as:unmap(core, BASE + page * 4096)
    m:barrier("unmapped")
    core:wait(300 + 40 * round)
    as:map(core, BASE + page * 4096, frames + page * 4096, "4K", "rw-u")
    m:barrier("round")
  end
end)

m.core[2]:program(function(core)
  core:switch(as)
  core:on_fault(function(handler)
    handler:wait(2000)
    return true
  end)
  for round = 1, ROUNDS do
    m:barrier("unmapped")
    core:run(stream.uniform { base = BASE, size = PAGES * 4096, n = 1500 }, { window = 128, data = "fixed" })
    m:barrier("round")
  end
end)
