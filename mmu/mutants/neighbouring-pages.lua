-- Pages whose entries stand in one table, each loaded once; caches of the last tables and of those above.
local m = machine {
  record = "all", memory = { size = "64M" },
  walk_cache = { last = { entries = 8, ways = 8, sizes = "2M" }, upper = { entries = 8, ways = 8, sizes = "1G" } },
}
local as = m:address_space {}
local BASE, PAGES = 0x40000000, 32
as:premap(BASE, m:frames("128K"), "4K", "rw-u", PAGES)

m.core[1]:program(function(core)
  core:switch(as)
  for page = 0, PAGES - 1 do core:load(BASE + page * 4096) end
end)
