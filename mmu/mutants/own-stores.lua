-- x86: a page is mapped without a barrier behind the stores, of which x86 asks for none, and used at once: the walk takes the entry
-- from the core's own store buffer.
local m = machine { ordering = "x86", record = "all", memory = { size = "64M" }, store_buffer = { depth = 16, drain = 500 } }
local as = m:address_space { format = "x86-64-48", table = "radix-forgets-barrier" }
local BASE = 0x40000000
as:premap(BASE, m:frames("4K"), "4K", "rw-u")

m.core[1]:program(function(core)
  core:switch(as)
  for page = 1, 4 do
    as:map(core, BASE + page * 4096, m:frames("4K"), "4K", "rw-u")
    core:store(BASE + page * 4096, page)
    core:load(BASE + page * 4096)
  end
end)
