-- A load that was translated before the unmap reads the frame while it is the old owner's, never what the new owner
-- stores after DSB; TLBI; DSB.
-- Arm DDI 0487 L.b, D8.17.3 (completion of TLB maintenance).
local m = explore { cores = 2, tlb_entries = 1 }
local t = m:tables { asid = 1 }
local frame = m:frames("4K")
t:premap(0x0, frame, "4K", "rw-u")
m:word(frame, 1)
local slot = t:entry(0x0, "4K")

m.core[1]:program(function(core)
  core:write(slot, 0)
  core:dsb("ishst")
  core:tlbi("vae1is", 0x0, t.asid)
  core:dsb("ish")
  core:write(frame, 2) -- the new owner's secret
end)

m.core[2]:program(function(core)
  return core:load(0x0) or -1
end)

m:outcome("core 2 reads the new owner's secret", "forbidden", function(_, r2) return r2 == 2 end)
m:outcome("core 2 reads the old value", "allowed", function(_, r2) return r2 == 1 end)
m:outcome("core 2 faults", "allowed", function(_, r2) return r2 == -1 end)
