-- Stores to pages that hardware makes dirty, twice each.
local m = machine { record = "all", memory = { size = "64M" } }
local as = m:address_space { hardware = "dirty" }
as:premap(0x40000000, m:frames("64K"), "4K", "rw-uc", 16)

m.core[1]:program(function(core)
  core:switch(as)
  for round = 1, 2 do
    for page = 0, 15 do core:store(0x40000000 + page * 4096, round) end
  end
end)
