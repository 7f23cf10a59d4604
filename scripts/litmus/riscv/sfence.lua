-- A page is mapped anew, SFENCE.VMA with its address orders the store before later implicit reads of the table.
-- RISC-V Privileged, Supervisor Memory-Management Fence Instruction.
local m = explore { cores = 1, tlb_entries = 1, store_buffer = 1 }
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
  return core:load(0x0)
end)

m:outcome("the old frame behind SFENCE.VMA", "forbidden", function(r1) return r1 == 1 end)
m:outcome("the new frame", "allowed", function(r1) return r1 == 2 end)
