-- A permission fault names the level of its leaf, wherever the translation came from.
local m = machine { record = "all", memory = { size = "64M" } }
local as = m:address_space {}
as:premap(0x400000, m:frames("4K"), "4K", "r--u")
as:premap(0x800000, m:frames("2M"), "2M", "r--u")
m.core[1]:program(function(core)
  core:switch(as)
  for _, va in ipairs { 0x400000, 0x800000 } do
    print(hex(va), "walk", select(2, core:store(va, 1)))
    print(hex(va), "first level", select(2, core:store(va, 1)))
    print(hex(va), "second level", select(2, core:fetch(va)))
    print(hex(va), "filled from it", select(2, core:fetch(va)))
  end
end)
