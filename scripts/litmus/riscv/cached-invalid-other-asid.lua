-- The same with SFENCE.VMA of another address space: what the hart kept stays.
-- RISC-V Privileged, 4.2.1 (Supervisor Memory-Management Fence Instruction, rs2).
local m = explore { cores = 2, tlb_entries = 1, store_buffer = 1, keeps_faults = true }
local t = m:tables { format = "sv39", asid = 1, pages = { 0x0 } }
local frame, flag = m:frames("4K"), m:frames("4K")
local slot = t:entry(0x0, "4K")
m:word(frame, 1)

m.core[1]:program(function(core)
  core:write(slot, t:leaf(frame, "4K", "rw-u"))
  core:fence()
  core:write(flag, 1)
end)

m.core[2]:program(function(core)
  local ready = core:read(flag)
  core:sfence_vma { va = 0x0, asid = 2 }
  return ready * 10 + (core:load(0x0) or 2)
end)

m:outcome("a fault behind the flag", "allowed", function(_, r2) return r2 == 12 end)
m:outcome("the frame behind the flag", "allowed", function(_, r2) return r2 == 11 end)
m:outcome("a fault before the flag", "allowed", function(_, r2) return r2 == 2 end)
