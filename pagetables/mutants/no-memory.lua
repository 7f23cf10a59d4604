-- A map that needs three tables, of which there is memory for one or two only: it has to give them back.
local m = machine { cores = 1, record = "all", memory = { size = "128K" } }
local as = m:address_space { table = "radix", aliasing = true }
as:premap(0x40000000, m:frames("4K"), "4K", "rw-u")

m.core[1]:program(function(core)
  core:switch(as)
  local frame = m:frames("4K")
  for i = 1, 12 do
    as:map(core, i << 39, frame + 0, "4K", "rw-u")   -- fails from some map on, each time after another table
  end
end)
