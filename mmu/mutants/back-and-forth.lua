-- A page that has left the first level, and is in the second, is loaded four times.
local m = machine {
  record = "all", memory = { size = "64M" }, tlb = { l1d = { entries = 8, ways = 8 }, l2 = { entries = 64, ways = 8 } },
}
local as = m:address_space {}
as:premap(0x40000000, m:frames("64K"), "4K", "rw-u", 16)

m.core[1]:program(function(core)
  core:switch(as)
  for page = 0, 15 do core:load(0x40000000 + page * 4096) end
  for _ = 1, 4 do core:load(0x40000000) end
end)
