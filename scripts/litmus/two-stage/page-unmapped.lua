-- A hypervisor unmaps a page of its guest with page-table code: IPAS2E1IS, DSB, VMALLE1IS, DSB. What TLBs combined of
-- both stages is gone then, and the guest's store does not land behind the new owner's.
-- Arm DDI 0487 L.b, D8.17.5 (IPAS2E1IS does not take entries that combine both stages).
local m = explore { cores = 2, tlb_entries = 1, store_buffer = 0, pages = {} }
local s2 = m:address_space { format = "vmsa-s2-4k-25", vmid = 1 }
local guest = m:tables { asid = 2, stage2 = s2 }
local frame = m:frames("4K")
local IPA = 0x400000
guest:premap(0x0, IPA, "4K", "rw-u")
local root, leaves = guest.root, guest:entry(0x0, "4K") & ~0xfff
s2:premap(root, root, "4K", "rw-")
s2:premap(leaves, leaves, "4K", "rw-")
s2:premap(IPA, frame, "4K", "rw-")
m.core[2]:switch(guest)

m.core[1]:program(function(core)
  s2:unmap(core, IPA)
  core:write(frame, 2) -- the new owner's
end)

m.core[2]:program(function(core)
  return core:store(0x0, 1) and 1 or 0
end)

m:outcome("the guest's store lands behind the new owner's", "forbidden",
  function(_, _, memory) return memory(frame) == 1 end)
m:outcome("the guest's store succeeds", "allowed", function(_, r2) return r2 == 1 end)
m:outcome("the guest's store faults", "allowed", function(_, r2) return r2 == 0 end)
