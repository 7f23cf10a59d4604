-- A leaf becomes valid, then SFENCE.VMA: a load behind it does not fault.
-- RISC-V Privileged, 4.2.1 (Supervisor Memory-Management Fence Instruction).
local m = explore { cores = 1, tlb_entries = 1, store_buffer = 1 }
local t = m:tables { format = "sv39", asid = 1, pages = { 0x0 } }
local frame = m:frames("4K")
local slot = t:entry(0x0, "4K")
m:word(frame, 1)

m.core[1]:program(function(core)
  core:write(slot, t:leaf(frame, "4K", "rw-u"))
  core:sfence_vma { va = 0x0 }
  return core:load(0x0) or -1
end)

m:outcome("a fault behind SFENCE.VMA", "forbidden", function(r1) return r1 == -1 end)
m:outcome("the frame", "allowed", function(r1) return r1 == 1 end)
