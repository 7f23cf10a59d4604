-- Core 2 stores to pages that hardware makes dirty, while core 1 protects them and unmaps them: the hardware's update of an entry
-- meets the software's.
local m = machine { cores = 2, record = "all", memory = { size = "64M", latency = 40 }, network = { latency = 5 } }
local as = m:address_space { hardware = "dirty" }
local BASE, PAGES = 0x40000000, 16
as:premap(BASE, m:frames("64K"), "4K", "rw-uco", PAGES)

m.core[1]:program(function(core)
  core:switch(as)
  m:barrier("ready")
  for page = 0, PAGES - 1 do
    m:barrier("page")
    core:wait(300 + 20 * page)
    if page % 2 == 0 then as:protect(core, BASE + page * 4096, "r--u") else as:unmap(core, BASE + page * 4096) end
    m:barrier("changed")
    core:load(BASE + page * 4096)
  end
end)

m.core[2]:program(function(core)
  core:switch(as)
  m:barrier("ready")
  for page = 0, PAGES - 1 do
    m:barrier("page")
    core:wait(500)
    core:store(BASE + page * 4096, page)
    m:barrier("changed")
    core:load(BASE + page * 4096)
    core:store(BASE + page * 4096, page)
  end
end)
