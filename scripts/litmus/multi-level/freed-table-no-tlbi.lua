-- A table is unlinked and used for something else without TLBI: a walk cache that still has it, or a walk that is
-- under way in it, reads what the memory is used for now.
-- Arm DDI 0487 L.b, D8.17 (TLB maintenance requirements).
local m = explore { cores = 2, tlb_entries = 1, walk_cache_entries = 1 }
local t = m:tables { asid = 1 }
local frame, secret = m:frames("4K"), m:frames("4K")
local slot, leaf = t:entry(0x0, "2M"), t:entry(0x0, "4K")
t:premap(0x0, frame, "4K", "rw-u")
m:word(frame, 1)
m:word(secret, 7)
local FAULT = -1

m.core[1]:program(function(core)
  core:write(slot, 0)
  core:dsb("ish")
  core:write(leaf, t:leaf(secret, "4K", "rw-u")) -- data that look like an entry
end)

m.core[2]:program(function(core)
  return core:load(0x0) or FAULT
end)

m:outcome("core 2 reads by what was written into the freed table", "allowed", function(_, r2) return r2 == 7 end)
m:outcome("core 2 reads the old frame", "allowed", function(_, r2) return r2 == 1 end)
m:outcome("core 2 faults", "allowed", function(_, r2) return r2 == FAULT end)
