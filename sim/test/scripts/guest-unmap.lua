-- A hypervisor takes pages of a running guest away: no core uses one when the unmap has returned.
local m = machine { cores = 2, memory = { size = "64M" }, record = "all" }
local TABLES, MEMORY, VA = 0x40000000, 0x80000000, 0x400000
local vm = m:address_space { format = "vmsa-s2-4k-39", vmid = 1 }
vm:premap(TABLES, m:frames("64K"), "4K", "rw-", 16)
local frame = m:frames("4K")
vm:premap(MEMORY, frame, "4K", "rw-")
vm:premap(MEMORY + 0x1000, m:frames("4K"), "4K", "rw-")
local as = m:address_space { format = "vmsa-4k-39", stage2 = vm, tables = { base = TABLES, size = "64K" } }
as:premap(VA, MEMORY, "4K", "rw-u", 2)

local unmapped
m.core[1]:program(function(core)
  core:switch(as)
  core:store(VA, 42)
  m:barrier("stored")
  core:wait(3000)
  vm:unmap(core, MEMORY)
  unmapped = core:now()
  core:write(frame, 99)                            -- the frame has another owner
  core:dsb()
  m:barrier("end")
end)

m.core[2]:program(function(core)
  core:switch(as)
  m:barrier("stored")
  local loads, value, fault, begin = 0, nil, nil, nil
  repeat
    begin = core:now()
    value, fault = core:load(VA)
    loads = loads + (value and 1 or 0)
    assert(fault or value == 42)
  until fault
  m:barrier("end")
  print(fault, loads > 0, begin < unmapped)
  print(core:load(VA + 0x1000))
end)
