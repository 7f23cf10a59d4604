-- After protect has returned, no core can use the old rights.
local m = machine { cores = 2, record = "all", memory = { size = "64M" } }
local as = m:address_space {}
as:premap(0x400000, m:frames("4K"), "4K", "rw-u")

m.core[1]:program(function(core)
  core:switch(as)
  m:barrier("warm")
  as:protect(core, 0x400000, "r--u")
  m:barrier("read-only")
  m:barrier("tried")
  as:protect(core, 0x400000, "rw-u")
  m:barrier("writable")
end)

m.core[2]:program(function(core)
  core:switch(as)
  print("writable", core:store(0x400000, 1))
  m:barrier("warm")
  m:barrier("read-only")
  print("read-only", core:store(0x400000, 2))
  print("readable", core:load(0x400000))
  m:barrier("tried")
  m:barrier("writable")
  print("writable again", core:store(0x400000, 3))
end)
