-- Two halves: TTBR1 has the same kernel table whatever TTBR0 has. Its entries have the ASID of who ran, or are global.
local m = machine { cores = 2, memory = { size = "64M" }, record = "all" }
local kernel = m:address_space { format = "vmsa-4k-48-high" }
local a = m:address_space { kernel = kernel, asid = 5 }
local b = m:address_space { kernel = kernel, asid = 6 }
local K = -0x100000
kernel:premap(K, m:frames("4K"), "4K", "rw-g")
kernel:premap(K + 0x1000, m:frames("4K"), "4K", "rw-")
a:premap(0x400000, m:frames("4K"), "4K", "rw-u")
m.core[1]:program(function(core)
  core:switch(a)
  core:privilege("kernel")
  print(core:store(K, 7), core:load(K), core:load(K + 0x1000), core:load(0x400000))
  core:switch(b)
  print(core:load(K), core:load(K + 0x1000), core:load(0x400000))
  m:barrier("read")
  kernel:unmap(core, K + 0x1000)
  kernel:unmap(core, K)
  print(core:load(K))
  print(core:load(K + 0x1000))
  print(core:load(1 << 60))
end)
m.core[2]:program(function(core)
  core:switch(a)
  core:privilege("kernel")
  core:load(K)
  core:load(K + 0x1000)
  m:barrier("read")
  repeat local _, fault = core:load(K + 0x1000) until fault
  repeat local _, fault = core:load(K) until fault
end)
