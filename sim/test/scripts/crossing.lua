-- An access that crosses a page is two translations, and happens wholly or not at all.
local m = machine { record = "all", memory = { size = "64M" } }
local as = m:address_space {}
local first, second = m:frames("4K"), m:frames("4K")
as:premap(0x400000, second, "4K", "rw-u")
as:premap(0x401000, first, "4K", "rw-u")
as:premap(0x402000, m:frames("4K"), "4K", "r--u")

m.core[1]:program(function(core)
  core:switch(as)
  print("store", core:store(0x400ffd, 0x1122334455667788))
  print("load", hex(core:load(0x400ffd)))
  print("its end", hex(core:load(0x401000, { bytes = 4 })))
  print("half allowed", core:store(0x401ffc, -1))
  print("nothing of it", core:load(0x401ff8), core:load(0x402000))
  print("half mapped", core:load(0x402ffc))
end)
