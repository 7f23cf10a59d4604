-- SFENCE.VMA is of the hart that executes it: another one may use the old entry on and on.
-- RISC-V Privileged, Supervisor Memory-Management Fence Instruction.
local m = explore { cores = 2, tlb_entries = 1, store_buffer = 1 }
local t = m:tables { format = "sv39", asid = 1 }
local old, new = m:frames("4K"), m:frames("4K")
t:premap(0x0, old, "4K", "rw-u")
m:word(old, 1)
m:word(new, 2)
local slot = t:entry(0x0, "4K")
local NEW = t:leaf(new, "4K", "rw-u")

m.core[1]:program(function(core)
  core:write(slot, NEW)
  core:sfence_vma { va = 0x0 }
  core:write(0x8, 1) -- the flag
end)

m.core[2]:program(function(core)
  local flag = core:read(0x8)
  return flag * 10 + core:load(0x0)
end)

m:outcome("the old frame behind the flag", "allowed", function(_, r2) return r2 == 11 end)
m:outcome("the new frame", "allowed", function(_, r2) return r2 == 12 end)
