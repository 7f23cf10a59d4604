-- The guest unmaps its page without TLBI: what was combined of both stages may be used.
-- Arm DDI 0487 L.b, D8.17 (TLB maintenance requirements).
local m = explore { cores = 1, tlb_entries = 1, store_buffer = 0 }
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
m.core[1]:switch(guest)

local slot = guest:entry(0x0, "4K")
m.core[1]:program(function(core)
  core:write(slot, 0) -- identity: the intermediate address is the physical one
  core:dsb("ish")
  core:isb()
  return core:load(0x0) or -1
end)

m:outcome("the old frame behind the store", "allowed", function(r1) return r1 == 1 end)
m:outcome("a fault", "allowed", function(r1) return r1 == -1 end)
