-- A guest's controls are those of its stage 1; MXR of a RISC-V virtual machine is the G stage's own.
local m = machine { memory = { size = "64M" }, record = "all" }
local vm = m:address_space { format = "sv39x4", vmid = 1, controls = { mxr = true } }
vm:premap(0x40000000, m:frames("1M"), "4K", "rw-", 128)
vm:premap(0x40080000, m:frames("4K"), "4K", "--x")
local as = m:address_space { format = "sv39", stage2 = vm, tables = { base = 0x40000000, size = "256K" }, controls = { sum = false } }
as:premap(0x400000, 0x40070000, "4K", "rw-u")
as:premap(0x401000, 0x40080000, "4K", "--xu")

local function told(value, fault) return fault and fault.text .. "; " .. fault.report or value end

m.core[1]:program(function(core)
  local kernel = { privilege = "kernel" }
  core:switch(as)
  print("no sum", told(core:load(0x400000, kernel)))
  core:control { sum = true }
  print("sum", told(core:load(0x400000, kernel)))
  print("execute only, in both stages", told(core:load(0x401000)))
  core:control { mxr = true }
  print("mxr in both stages", told(core:load(0x401000)))
end)
