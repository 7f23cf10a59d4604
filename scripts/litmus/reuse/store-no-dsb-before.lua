-- Without DSB between the store to the entry and the TLBI, a walk after the TLBI may still find the old entry.
-- Arm DDI 0487 L.b, D8.17.3 (TLBI is ordered behind stores by DSB only).
local m = explore { cores = 2, tlb_entries = 1, store_buffer = 1 }
local t = m:tables { asid = 1 }
local frame = m:frames("4K")
t:premap(0x0, frame, "4K", "rw-u")
local slot = t:entry(0x0, "4K")

m.core[1]:program(function(core)
  core:write(slot, 0)
  core:tlbi("vae1is", 0x0, t.asid)
  core:dsb("ish")
  core:write(frame, 2) -- the new owner's
end)

m.core[2]:program(function(core)
  return core:store(0x0, 1) and 1 or 0
end)

m:outcome("the store lands behind the new owner's", "allowed", function(_, _, memory) return memory(frame) == 1 end)
m:outcome("the new owner's value stays", "allowed", function(_, _, memory) return memory(frame) == 2 end)
