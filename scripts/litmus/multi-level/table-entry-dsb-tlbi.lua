-- An entry that leads to a table becomes another: DSB; TLBI; DSB after the store, and no walk of a later access
-- may still go by the old one, which a walk cache held.
-- Arm DDI 0487 L.b, D8.17.5 (VAE1IS takes every entry that walks of the address use, upper levels included).
local m = explore { cores = 2, tlb_entries = 1, walk_cache_entries = 1, evicts = false }
local t = m:tables { asid = 1 }
local old, new = m:frames("4K"), m:frames("4K")
local slot = t:entry(0x0, "2M")
t:premap(0x0, old, "4K", "rw-u")
local other = m:frames("4K") -- a second table, whose first entry maps the new frame
m:word(other, t:leaf(new, "4K", "rw-u"))
m:word(old, 1)
m:word(new, 2)

m.core[1]:program(function(core)
  core:write(slot, t:table(other))
  core:dsb("ishst")
  core:tlbi("vae1is", 0x0, t.asid)
  core:dsb("ish")
  core:isb()
  return core:load(0x0)
end)

m:outcome("the old frame after the change", "forbidden", function(r1) return r1 == 1 end)
m:outcome("the new frame after the change", "allowed", function(r1) return r1 == 2 end)
