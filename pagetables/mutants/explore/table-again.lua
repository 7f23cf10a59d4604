-- The last page of a table is unmapped, and the next map uses the table's memory for another table, while another core walks
-- for an address in the first one that nobody ever maps.
-- arg: page table, format, ordering, entries of the walk cache, "above" if it is the table above that both share, and that goes
local above = arg[5] == "above"
local A, OTHER = 0x0, above and 0x80000000 or 0x400000
local B = A + (above and 0x200000 or 0x1000)
local C = B + (above and 0x40000000 or 0x200000)
local m = explore { cores = 2, store_buffer = 1, ordering = arg[3], walk_cache_entries = math.tointeger(arg[4] or 0),
                    pages = { B }, evicts = false }
local as = m:address_space { table = arg[1], format = arg[2] }
as:premap(OTHER, m:frames("4K"), "4K", "rw-u")
as:premap(A, m:frames("4K"), "4K", "rw-u")
local frame = m:frames("4K")

m.core[1]:program(function(core)
  as:unmap(core, A)
  as:map(core, C, frame, "4K", "rw-u")
end)
m.core[2]:program(function(core) core:load(B) end)
