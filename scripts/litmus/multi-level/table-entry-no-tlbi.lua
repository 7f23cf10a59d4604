-- Without TLBI the walk cache may lead later walks through the old table for as long as it likes.
-- Arm DDI 0487 L.b, D8.17 (TLB maintenance requirements): a change of a valid table entry needs an invalidation.
local m = explore { cores = 1, tlb_entries = 1, walk_cache_entries = 1 }
local t = m:tables { asid = 1 }
local old, new, other = m:frames("4K"), m:frames("4K"), m:frames("4K")
local slot = t:entry(0x0, "2M")
t:premap(0x0, old, "4K", "rw-u")
m:word(other, t:leaf(new, "4K", "rw-u"))
m:word(old, 1)
m:word(new, 2)

m.core[1]:program(function(core)
  core:write(slot, t:table(other))
  core:dsb("ish")
  core:isb()
  return core:load(0x0)
end)

m:outcome("the old frame after the change", "allowed", function(r1) return r1 == 1 end)
m:outcome("the new frame after the change", "allowed", function(r1) return r1 == 2 end)
