-- A table that was freed and is still in a walk cache, in every order.
--
-- Core 1 unmaps the only page of a last-level table, which is released, and maps another page, whose table gets the same
-- memory. Right: the invalidation of the unmap reaches the entries of tables, too. `radix-forgets-tables` invalidates the
-- last level only: a walk of the first page goes on from a walk cache, through the freed table, to the second page's frame.
--
--   mmusim explore scripts/explore/freed-table.lua [TABLE]
--   mmusim explore scripts/explore/freed-table.lua radix-forgets-tables      -- the break of the protocol of live tables
--   mmusim explore --harm scripts/explore/freed-table.lua radix-forgets-tables     -- and what comes of it ...
--   mmusim explore --harm scripts/explore/freed-table.lua radix-forgets-tables 0   -- ... where there are walk caches

local m = explore {
  cores = 2, tlb_entries = 1, store_buffer = 1, walk_cache_entries = tonumber(arg[2] or 1), evicts = false,
}
local as = m:address_space { table = arg[1] or "radix" }
local PAGE, OTHER = 0x0, 0x200000                         -- in two tables of the last level
local second = m:frames("4K")
as:premap(PAGE, m:frames("4K"), "4K", "rw-u")

m.core[1]:program(function(core)
  as:unmap(core, PAGE)
  as:map(core, OTHER, second, "4K", "rw-u")
end)

m.core[2]:program(function(core)
  core:load(PAGE)
  core:load(PAGE)
end)
