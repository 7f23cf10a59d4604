-- A core in a virtual machine whose guest has not turned its MMU on: stage 2 alone translates.
local m = machine { memory = { size = "64M" } }
local vm = m:address_space { format = "vmsa-s2-4k-39", vmid = 3 }
local frame = m:frames("4K")
vm:premap(0x40000000, frame, "4K", "rw-")
m.core[1]:program(function(core)
  core:switch(vm)
  core:store(0x40000010, 42)
  print(core:load(0x40000010), core:read(frame + 0x10))
  print(select(2, core:load(0x40001000)))
  vm:protect(core, 0x40000000, "r--")
  print(select(2, core:store(0x40000010, 43)))
  vm:unmap(core, 0x40000000)
  print(select(2, core:load(0x40000010)))
end)
