-- map, unmap, protect and query answer as specified, and nothing changes when they refuse.
local m = machine { record = "all", memory = { size = "4G" } }
local as = m:address_space {}

local function show(title)
  print(title)
  for _, mapping in ipairs(as:interpret()) do
    print("", hex(mapping.va), hex(mapping.pa), mapping.size, mapping.attributes)
  end
end

m.core[1]:program(function(core)
  core:switch(as)
  show("nothing")
  local small, middle, large = m:frames("4K"), m:frames("2M"), m:frames("1G")
  print("map", as:map(core, 0x400000, small, "4K", "rw-u"))
  print("map", as:map(core, 0x40000000, middle, "2M", "r-xu"))
  print("map", as:map(core, 0x80000000, large, "1G", "rw-ug"))
  show("three sizes")
  local free = m:frames("4K")
  print("overlap, the same", as:map(core, 0x400000, free, "4K", "rw-u"))
  print("overlap, inside", as:map(core, 0x40001000, free, "4K", "rw-u"))
  print("overlap, around", as:map(core, 0x400000, m:frames("2M"), "2M", "rw-u"))
  print("unmap, not mapped", as:unmap(core, 0x401000))
  print("unmap, not its base", as:unmap(core, 0x40001000))
  print("protect, not mapped", as:protect(core, 0x401000, "r--u"))
  print("query, not mapped", as:query(core, 0x401000))
  local found = as:query(core, 0x80001234)
  print("query", hex(found.va), hex(found.pa), found.size, found.attributes)
  print("protect", as:protect(core, 0x80000000, "r--u"))
  print("unmap", as:unmap(core, 0x400000))
  show("after protect and unmap")
  print("map again", as:map(core, 0x400000, small, "4K", "r--u"))
  show("mapped again")
end)
