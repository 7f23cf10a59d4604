-- A walker of two slots, and two misses at most at once.
local m = machine { record = "all", memory = { size = "64M" }, walker = { slots = 2, misses = 2 } }
local as = m:address_space {}
as:premap(0x40000000, m:frames("256K"), "4K", "rw-u", 64)

m.core[1]:program(function(core)
  core:switch(as)
  core:run(stream.sequential { base = 0x40000000, size = "256K", n = 64, step = 4096 }, { window = 8 })
end)
