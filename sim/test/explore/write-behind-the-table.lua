-- The small form of sim/test/scripts/write-behind-the-table.lua: a program clears the entry of a page itself.
local PAGE = 0x0
local m = explore { cores = 2, tlb_entries = 1, store_buffer = 1 }
local as = m:address_space { table = "radix" }
as:premap(PAGE, m:frames("4K"), "4K", "rw-u")

m.core[1]:program(function(core)
  local last_level = core:read(as.root) & 0xfffffffff000
  core:write(last_level, 0)
  core:dsb()
  core:load(PAGE)
end)
