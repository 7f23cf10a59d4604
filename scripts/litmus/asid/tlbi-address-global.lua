-- TLBI by address takes a global entry, whatever ASID is named.
-- Arm DDI 0487 L.b, C5.5 (TLBI VAE1IS), D8.16 (global entries).
local m = explore { cores = 2, tlb_entries = 1, evicts = false }
local t = m:tables { asid = 1 }
local frame = m:frames("4K")
t:premap(0x0, frame, "4K", "rw-ug")
m:word(frame, 1)
local slot = t:entry(0x0, "4K")

m.core[1]:program(function(core)
  core:write(slot, 0)
  core:dsb("ishst")
  core:tlbi("vae1is", 0x0, 2)
  core:dsb("ish")
  core:isb()
  return core:load(0x0) or -1
end)

m:outcome("the old frame after the unmap", "forbidden", function(r1) return r1 == 1 end)
m:outcome("a fault", "allowed", function(r1) return r1 == -1 end)
