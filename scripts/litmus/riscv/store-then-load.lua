-- A leaf becomes valid, and the same hart loads at once: without SFENCE.VMA the walk may come before the store, and
-- the load faults.
-- RISC-V Privileged, 4.2.1 (Supervisor Memory-Management Fence: implicit reads are not ordered behind stores).
local m = explore { cores = 1, tlb_entries = 1, store_buffer = 1 }
local t = m:tables { format = "sv39", asid = 1, pages = { 0x0 } }
local frame = m:frames("4K")
local slot = t:entry(0x0, "4K")
m:word(frame, 1)

m.core[1]:program(function(core)
  core:write(slot, t:leaf(frame, "4K", "rw-u"))
  return core:load(0x0) or -1
end)

m:outcome("a fault behind the store", "allowed", function(r1) return r1 == -1 end)
m:outcome("the frame", "allowed", function(r1) return r1 == 1 end)
