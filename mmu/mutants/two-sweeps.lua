-- Two sweeps over more pages than the first level has entries, and fewer than the second.
local m = machine {
  record = "all", memory = { size = "64M" }, tlb = { l1d = { entries = 8, ways = 8 }, l2 = { entries = 64, ways = 8 } },
}
local as = m:address_space {}
as:premap(0x40000000, m:frames("128K"), "4K", "rw-u", 32)

m.core[1]:program(function(core)
  core:switch(as)
  for _ = 1, 2 do
    for page = 0, 31 do core:load(0x40000000 + page * 4096) end
  end
end)
