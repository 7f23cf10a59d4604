-- Core 1 unmaps pages one after the other; core 2 loads from them all the time, by walks and by hits, from a memory that is slow.
-- arg "cache": with data caches, where a store to a line that both have is faster than a walk that waits for that line.
local m = machine {
  cores = 2, record = "all", memory = { size = "64M", latency = 700 }, network = { latency = 5 },
  cache = arg[1] == "cache" and { line = 64, l1 = { size = "4K" } } or nil,
  tlb = { l1d = { entries = 4, ways = 4 }, l2 = { entries = 8, ways = 8 } },
}
local as = m:address_space {}
local BASE, PAGES = 0x40000000, 24
as:premap(BASE, m:frames("128K"), "4K", "rw-u", PAGES)

m.core[1]:program(function(core)
  core:switch(as)
  m:barrier("ready")
  for page = 0, PAGES - 1 do as:unmap(core, BASE + page * 4096) end
end)

m.core[2]:program(function(core)
  core:switch(as)
  m:barrier("ready")
  for page = 0, PAGES - 1 do
    for _ = 1, 40 do
      local _, fault = core:load(BASE + page * 4096)
      if fault then break end
      core:wait(1 + core:random(40))
    end
  end
end)
