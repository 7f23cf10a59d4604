-- Where only the leaf changes, VALE1IS is enough: what a walk cache keeps leads to the table that holds the new leaf.
-- Arm DDI 0487 L.b, D8.17.5 (last level of translation table walk).
local m = explore { cores = 2, tlb_entries = 1, walk_cache_entries = 1 }
local t = m:tables { asid = 1 }
local old = m:frames("4K")
local slot = t:entry(0x0, "4K")
t:premap(0x0, old, "4K", "rw-u")
m:word(old, 1)
local FAULT = -1

m.core[1]:program(function(core)
  core:write(slot, 0)
  core:dsb("ishst")
  core:tlbi("vale1is", 0x0, t.asid)
  core:dsb("ish")
  core:isb()
  return core:load(0x0) or FAULT
end)

m:outcome("the old frame after the leaf is gone", "forbidden", function(r1) return r1 == 1 end)
m:outcome("a fault", "allowed", function(r1) return r1 == FAULT end)
