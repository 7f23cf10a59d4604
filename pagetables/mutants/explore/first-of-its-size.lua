-- The first page of its size is mapped, while another core uses a page of another size.
-- arg: page table, entries of the walk cache
local A, B = 0x1000, 0x40000000
local m = explore { cores = 2, store_buffer = 3, walk_cache_entries = math.tointeger(arg[2] or 0), pages = { B },
                    speculates = false }
local as = m:address_space { table = arg[1] }
as:premap(B, m:frames("2M"), "2M", "rw-u")
local frame = m:frames("4K")

m.core[1]:program(function(core)
  core:load(B)
  as:map(core, A, frame, "4K", "rw-u")
  core:load(A)
end)
m.core[2]:program(function(core)
  core:load(B)
  core:load(A)
end)
