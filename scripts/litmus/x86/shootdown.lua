-- Shootdown: the other processors are interrupted, and execute INVLPG before they answer. Once all have, none reads the
-- old frame.
-- Intel SDM volume 3, 4.10.5 (propagation of paging-structure changes to multiple processors).
local m = explore { cores = 2, tlb_entries = 1, store_buffer = 1 }
local t = m:tables { format = "x86-64-48", asid = 1 }
local old, new = m:frames("4K"), m:frames("4K")
t:premap(0x0, old, "4K", "rw-u")
m:word(old, 1)
m:word(new, 2)
local slot = t:entry(0x0, "4K")
local NEW = t:leaf(new, "4K", "rw-u")

m.core[1]:program(function(core)
  core:write(slot, NEW)
  core:invlpg(0x0)
  core:ipi { cores = { 2 }, invalidations = { { va = 0x0, asid = 1 } } }
  core:write(0x8, 1) -- the flag
end)

m.core[2]:program(function(core)
  local flag = core:read(0x8)
  return flag * 10 + core:load(0x0)
end)

m:outcome("the old frame behind the flag", "forbidden", function(_, r2) return r2 == 11 end)
m:outcome("the new frame", "allowed", function(_, r2) return r2 == 12 end)
