-- A guest's page faults and the EPT violations of its virtual machine, by error code and exit qualification.
local m = machine { cores = 2, memory = { size = "128M" }, record = "all" }
local vm = m:address_space { format = "ept-48", vmid = 1, hardware = "dirty" }
vm:premap(0x40000000, m:frames("1M"), "4K", "rw-co", 256)
vm:premap(0x80000000, m:frames("64K"), "4K", "rwxco", 16)
local guest = m:address_space { format = "x86-64-48", asid = 1, stage2 = vm, tables = { base = 0x40000000, size = "1M" } }
guest:premap(0x400000, 0x80000000, "4K", "rw-uco", 20)
guest:premap(0xffff800000000000, 0x80014000, "4K", "rw-gco", 1)
local function show(f) if f then print(f.text, f.report) end end
m.core[1]:program(function(core)
  core:switch(guest)
  show(select(2, core:load(0x400000)))
  show(select(2, core:store(0x400008, 4)))
  show(select(2, core:load(0x400000 + 16*4096)))
  show(select(2, core:store(0x400000 + 17*4096, 3)))
  core:privilege("kernel")
  show(select(2, core:store(0xffff800000000000, 3)))
  core:privilege("user")
  guest:protect(core, 0x401000, "r--u")
  show(select(2, core:store(0x401000, 3)))
  vm:unmap(core, 0x80002000)
  show(select(2, core:store(0x402000, 3)))
  guest:unmap(core, 0x403000)
  show(select(2, core:store(0x403000, 3)))
  guest:map(core, 0x403000, 0x80003000, "4K", "rw-uk2")
  core:store(0x403000, 3)
  m:barrier("x")
end)
m.core[2]:program(function(core)
  core:switch(guest)
  for i = 1, 200 do core:store(0x400000 + (i % 14) * 4096, i) core:load(0x400000 + (i % 14) * 4096) end
  m:barrier("x")
end)
