-- Two cores in one table, in every order: one unmaps a page, the other asks for it and maps it anew.
--
-- Right: each answer is that of some order of the operations, and in the end the table stands for the abstract map.
--
--   mmusim explore scripts/explore/two-writers.lua [TABLE]

local m = explore { cores = 2, tlb_entries = 1, store_buffer = 1 }
local as = m:address_space { table = arg[1] or "radix" }
local PAGE = 0x0
local second = m:frames("4K")
as:premap(PAGE, m:frames("4K"), "4K", "rw-u")

m.core[1]:program(function(core)
  as:unmap(core, PAGE)
end)

m.core[2]:program {
  function(core) as:query(core, PAGE) end,
  function(core) as:map(core, PAGE, second, "4K", "rw-u") end,
}
