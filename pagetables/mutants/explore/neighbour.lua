-- Two pages are mapped, one after the other, while another core uses a third one.
-- arg: page table
local A, B, C = 0x2000, 0x8000, 0x5000
local m = explore { cores = 2, store_buffer = 2, speculates = false }
local as = m:address_space { table = arg[1] }
as:premap(B, m:frames("4K"), "4K", "rw-u")
local first, second = m:frames("4K"), m:frames("4K")

m.core[1]:program(function(core)
  as:map(core, A, first, "4K", "rw-u")
  as:map(core, C, second, "4K", "rw-u")
end)
m.core[2]:program(function(core) core:load(B) end)
