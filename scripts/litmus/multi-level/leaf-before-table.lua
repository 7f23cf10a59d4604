-- Tables are linked from below: the leaf is stored, then the entry that leads to it. Stores of one core reach memory
-- in any order, so without a barrier between them a walk may find the entry and no leaf.
-- Arm DDI 0487 L.b, D8.2 (translation table walks are ordinary reads) and B2.3 (stores without a barrier).
local m = explore { cores = 2, tlb_entries = 1, store_buffer = 2 }
local t = m:tables { asid = 1, pages = { 0x0 } }
local frame, other = m:frames("4K"), m:frames("4K")
local slot = t:entry(0x0, "2M")
m:word(frame, 1)
m:word(other, t:leaf(m:frames("4K"), "4K", "rw-u")) -- what the new table holds at first, which is nobody's

m.core[1]:program(function(core)
  core:write(other, t:leaf(frame, "4K", "rw-u"))
  core:write(slot, t:table(other))
end)

m.core[2]:program(function(core)
  return core:load(0x0) or -1
end)

m:outcome("a walk by what the table held before", "allowed", function(_, r2) return r2 == 0 end)
m:outcome("a walk by the new leaf", "allowed", function(_, r2) return r2 == 1 end)
m:outcome("a fault", "allowed", function(_, r2) return r2 == -1 end)
