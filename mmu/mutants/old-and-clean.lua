-- Pages that hardware marks: while core 1's walk of a page that it loads from sets the access flag, core 2's walk of a page that it
-- stores to wants to make the same entry dirty. One of the two updates comes too late.
local m = machine { cores = 2, record = "all", memory = { size = "64M", latency = 40 } }
local as = m:address_space { hardware = "dirty" }
local BASE, PAGES = 0x40000000, 16
as:premap(BASE, m:frames("64K"), "4K", "rw-uco", PAGES)

for number = 1, 2 do
  m.core[number]:program(function(core)
    core:switch(as)
    for page = 0, PAGES - 1 do
      m:barrier("page")
      if number == 1 then core:load(BASE + page * 4096) else core:store(BASE + page * 4096, page) end
    end
  end)
end
