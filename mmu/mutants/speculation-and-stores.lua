-- Core 2 stores to a page again and again, and each store stays in its buffer for long, while core 1 unmaps the page; many pages, one
-- after the other. The TLBs have the page all the while, unless it is evicted: arg[#arg] "adversary".
local m = machine {
  cores = 2, record = "all", memory = { size = "64M" }, network = { latency = 5 }, store_buffer = { depth = 8, drain = 1500 },
  tlb = { l1d = { entries = 4, ways = 4 }, l2 = { entries = 8, ways = 8 } },
  adversary = arg[#arg] == "adversary" and { period = 8, reach = 4 } or nil,
}
local as = m:address_space { aliasing = true }
local BASE, PAGES, OWNER = 0x40000000, 40, 0x60000000
as:premap(BASE, m:frames("256K"), "4K", "rw-u", PAGES)

m.core[1]:program(function(core)
  core:switch(as)
  for page = 0, PAGES - 1 do
    m:barrier("page")
    core:wait(700)
    as:unmap(core, BASE + page * 4096)
  end
end)

m.core[2]:program(function(core)
  core:switch(as)
  for page = 0, PAGES - 1 do
    core:load(BASE + page * 4096)
    m:barrier("page")
    core:load(BASE + page * 4096)
    for round = 1, 30 do
      if not core:store(BASE + page * 4096, round) then break end
      core:wait(150)
    end
  end
end)
