-- A page that was mapped, and is not any more, is mapped again elsewhere, while another core walks for it.
-- arg: page table
local A = 0x1000
local m = explore { cores = 2, store_buffer = 2, pages = { A } }
local as = m:address_space { table = arg[1] }
local first, second = m:frames("4K"), m:frames("4K")

m:before(function(core)
  as:map(core, A, first, "4K", "rw-u")
  as:unmap(core, A)
end)

m.core[1]:program(function(core) as:map(core, A, second, "4K", "rw-u") end)
m.core[2]:program(function(core) core:load(A) end)
