-- Every way to write a parameter, and members of each family: made, changed, removed.
local m = machine {
  ordering = "arm",
  tlb = {
    conflict = "abort",
    l1d = { entries = 32, sizes = { "4K", "64K" }, replacement = "lru" },
    l1d_2m = { entries = 16, sizes = "2M", ports = 1 },
    l2 = { sizes = "all", hit_under_miss = true, inclusion = "neither" },
    l3 = false,
  },
  walk_cache = { tables = { entries = 16, sizes = { "2M", "1G", "512G" } } },
  cache = { line = 64, l1 = { size = "32K", ways = 8 }, l2 = { size = "512K", shared = true } },
  memory = { size = "64M" },
  walker = { shared = false, merge = true },
}
local as = m:address_space {}
m.core[1]:program(function(core)
  core:switch(as)
  as:map(core, 0x400000, m:frames("4K"), "4K", "rw-u")
  core:store(0x400000, 42)
  print(core:load(0x400000))
end)
