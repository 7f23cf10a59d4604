-- sstatus.SUM and MXR, and pages whose A or D bit is clear, with and without Svadu.
local m = machine { memory = { size = "64M" }, record = "all", ordering = "riscv" }
local as = m:address_space { format = "sv39", controls = { sum = false } }
as:premap(0x400000, m:frames("4K"), "4K", "rw-u")
as:premap(0x401000, m:frames("4K"), "4K", "--xu")
as:premap(0x402000, m:frames("4K"), "4K", "rw-uo")
as:premap(0x403000, m:frames("4K"), "4K", "rw-uc")
local svadu = m:address_space { format = "sv39", hardware = "dirty" }
svadu:premap(0x402000, m:frames("4K"), "4K", "rw-uo")
svadu:premap(0x403000, m:frames("4K"), "4K", "rw-uc")

local function told(value, fault)
  return fault and fault.text .. ", cause " .. fault.code or value
end

m.core[1]:program(function(core)
  local kernel = { privilege = "kernel" }
  core:switch(as)
  print("no sum", told(core:load(0x400000, kernel)))
  core:control { sum = true }
  print("sum", told(core:load(0x400000, kernel)))
  print("a supervisor never executes user pages", told(core:fetch(0x401000, kernel)))
  print("execute only", told(core:load(0x401000)))
  core:control { mxr = true }
  print("mxr", told(core:load(0x401000)))
  print("old", told(core:load(0x402000)), told(core:store(0x402000, 1)))
  print("clean", told(core:load(0x403000)), told(core:store(0x403000, 1)))
  as:protect(core, 0x403000, "rw-u")
  print("dirty", told(core:store(0x403000, 1)))
  core:switch(svadu)
  print("Svadu, old", told(core:load(0x402000)), told(core:store(0x402000, 1)))
  print("Svadu, clean", told(core:load(0x403000)), told(core:store(0x403000, 1)))
  print(svadu:query(core, 0x402000).attributes, svadu:query(core, 0x403000).attributes)
end)
