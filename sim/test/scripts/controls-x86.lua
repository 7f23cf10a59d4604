-- CR0.WP, CR4.SMAP with EFLAGS.AC, CR4.SMEP, PKRU: what each takes from the kernel, and from whom.
local m = machine { memory = { size = "64M" }, record = "all" }
local as = m:address_space { format = "x86-64-48", controls = { smap = true, pke = true, pkru = 0x4 } }
as:premap(0x400000, m:frames("4K"), "4K", "rwxu")
as:premap(0x401000, m:frames("4K"), "4K", "r--u")
as:premap(0x402000, m:frames("4K"), "4K", "rw-uk1")
as:premap(-0x1000, m:frames("4K"), "4K", "rw-")

local function show(core)
  local names = {}
  for name, value in pairs(core:control()) do names[#names + 1] = name .. "=" .. tostring(value) end
  table.sort(names)
  print(table.concat(names, " "))
end

m.core[1]:program(function(core)
  local kernel = { privilege = "kernel" }
  core:switch(as)
  show(core)
  print("smap", core:load(0x400000, kernel))
  print("smep", core:fetch(0x400000, kernel))
  print("user", core:load(0x400000), core:fetch(0x400000))
  core:control { ac = true, smep = false }
  print("ac", core:load(0x400000, kernel))
  print("no smep", core:fetch(0x400000, kernel))
  print("key 1", core:load(0x402000))
  core:control { pkru = 0x8 }
  print("readable", core:load(0x402000))
  print("not writable", core:store(0x402000, 1))
  print("wp", core:store(0x401000, 1, kernel))
  local begin = core:now()
  core:control { wp = false }
  print("no wp", core:store(0x401000, 1, kernel), core:store(0x401000, 1))
  print("upper half", core:load(-0x1000, kernel), core:load(-0x1000))
  local _, fault = core:load(1 << 47)
  print("between", fault, fault.report)
  show(core)
  core:switch(as)                       -- the space's own again
  show(core)
  core:switch(as, { smap = false })
  _, fault = core:store(0x402000, 1, kernel)
  print("key of the kernel's store", fault, fault.report, string.format("%x %x", fault.code, fault.address))
  begin = core:now()
  core:control { ac = true }
  print("cycles of a change", core:now() - begin)
end)
