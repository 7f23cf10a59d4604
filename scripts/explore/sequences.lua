-- All sequences of operations on two pages against all sequences of accesses to them, in every order.
--
-- Core 1 performs every sequence of two of: unmap a page, take away a right of it, map another. Core 2 performs
-- every sequence of two of: load and store to both pages. This is the exploration that states per second are measured
-- with, and how many distinct states it has is known: README.md.
--
--   mmusim explore scripts/explore/sequences.lua [TABLE]

local m = explore { cores = 2, tlb_entries = 1, store_buffer = 2, pages = { 0x0, 0x200000 } }
local as = m:address_space { table = arg[1] or "radix", aliasing = true } -- so that a second map is answered
local PAGE, OTHER = 0x0, 0x200000
local first, second = m:frames("4K"), m:frames("4K")
as:premap(PAGE, first, "4K", "rw-u")

m.core[1]:sequences(2, {
  function(core) as:unmap(core, PAGE) end,
  function(core) as:protect(core, PAGE, "r--u") end,
  function(core) as:map(core, OTHER, second, "4K", "rw-u") end,
})

m.core[2]:sequences(2, {
  function(core) core:load(PAGE) end,
  function(core) core:store(PAGE, 1) end,
  function(core) core:load(OTHER) end,
})
