-- Two address spaces: the same address, other frames; a global page is in both TLBs' views.
local m = machine { record = "all", memory = { size = "64M" } }
local a = m:address_space { asid = 10 }
local b = m:address_space { asid = 20 }
a:premap(0x400000, m:frames("4K"), "4K", "rw-u")
b:premap(0x400000, m:frames("4K"), "4K", "rw-u")
print(a.asid, b.asid, a.root ~= b.root)

m.core[1]:program(function(core)
  core:switch(a)
  core:store(0x400000, 1)
  core:switch(b)
  print("b", core:load(0x400000))
  core:store(0x400000, 2)
  core:switch(a)
  print("a", core:load(0x400000))
  core:switch(b)
  print("b", core:load(0x400000))
end)
