-- VALE1IS is of the last level only: a walk cache may keep the table that the entry above led to, and a later walk
-- begins there.
-- Arm DDI 0487 L.b, D8.17.5 (last level of translation table walk).
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
  core:dsb("ishst")
  core:tlbi("vale1is", 0x0, t.asid)
  core:dsb("ish")
  core:isb()
  return core:load(0x0)
end)

m:outcome("the old frame after the change", "allowed", function(r1) return r1 == 1 end)
m:outcome("the new frame after the change", "allowed", function(r1) return r1 == 2 end)
