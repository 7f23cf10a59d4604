-- Without INVLPG the TLB may keep the old entry, MFENCE or not.
-- Intel SDM volume 3, 4.10.2 (TLBs are not kept coherent with paging structures).
local m = explore { cores = 1, tlb_entries = 1, store_buffer = 1 }
local t = m:tables { format = "x86-64-48", asid = 1 }
local old, new = m:frames("4K"), m:frames("4K")
t:premap(0x0, old, "4K", "rw-u")
m:word(old, 1)
m:word(new, 2)
local slot = t:entry(0x0, "4K")
local NEW = t:leaf(new, "4K", "rw-u")

m.core[1]:program(function(core)
  core:write(slot, NEW)
  core:fence()
  return core:load(0x0)
end)

m:outcome("the old frame behind the store", "allowed", function(r1) return r1 == 1 end)
m:outcome("the new frame", "allowed", function(r1) return r1 == 2 end)
