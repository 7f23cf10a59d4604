-- A hypervisor unmaps a page of its guest and invalidates by IPA alone: an entry that combines both stages outlives
-- that, and the guest reads what the new owner stores.
-- Arm DDI 0487 L.b, D8.17.5 (IPAS2E1IS does not take entries that combine both stages).
local m = explore { cores = 2, tlb_entries = 1, store_buffer = 0 }
local s2 = m:tables { format = "vmsa-s2-4k-25", vmid = 1 }
local guest = m:tables { asid = 2, stage2 = s2 }
local hypervisor = m:tables { asid = 7 } -- where nothing is mapped
local frame = m:frames("4K")
local IPA = 0x400000
guest:premap(0x0, IPA, "4K", "rw-u")
local root, leaves = guest.root, guest:entry(0x0, "4K") & ~0xfff
s2:premap(root, root, "4K", "rw-")
s2:premap(leaves, leaves, "4K", "rw-")
s2:premap(IPA, frame, "4K", "rw-")
m:word(frame, 1)
m.core[1]:switch(hypervisor)
m.core[2]:switch(guest)

local slot = s2:entry(IPA, "4K")
m.core[1]:program(function(core)
  core:write(slot, 0)
  core:dsb("ishst")
  core:tlbi { ipa = IPA, vmid = 1, broadcast = true }
  core:dsb("ish")
  core:write(frame, 2) -- the new owner's
end)

m.core[2]:program(function(core)
  return core:load(0x0) or -1
end)

m:outcome("the guest reads the new owner's value", "allowed", function(_, r2) return r2 == 2 end)
m:outcome("the guest faults", "allowed", function(_, r2) return r2 == -1 end)
