-- Many accesses to each page, several at once.
local m = machine { record = "all", memory = { size = "64M" } }
local as = m:address_space {}
as:premap(0x40000000, m:frames("64K"), "4K", "rw-u", 16)

m.core[1]:program(function(core)
  core:switch(as)
  core:run(stream.sequential { base = 0x40000000, size = "64K", n = 1024, step = 64 }, { window = 64 })
end)
