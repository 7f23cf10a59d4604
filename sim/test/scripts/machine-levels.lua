-- Levels that fit each other: split and unified, several arrays of one level, shared ones behind private ones.
local m = machine {
  cores = 2,
  tlb = {
    l1d = { sizes = "4K" }, l1d_2m = { sizes = { "2M", "1G" } },
    l2 = { inclusion = "inclusive" }, l2_1g = { entries = 16, ways = 16, sizes = "1G", inclusion = "inclusive" },
    l3 = { entries = 4096, ways = 16, latency = 20, shared = true },
  },
  cache = { l1 = {}, l2 = { shared = true }, l3 = { shared = true } },
  memory = { size = "64M" },
}
local as = m:address_space {}
for n = 1, 2 do
  m.core[n]:program(function(core)
    core:switch(as)
    if n == 1 then as:map(core, 0x400000, m:frames("4K"), "4K", "rw-u") end
    m:barrier("mapped")
    core:store(0x400000 + 8 * n, n)
    m:barrier("stored")
    core:dsb()
    m:barrier("drained")
    if n == 1 then print(core:load(0x400008), core:load(0x400010)) end
  end)
end
