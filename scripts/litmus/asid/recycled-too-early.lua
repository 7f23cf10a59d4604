-- The same with the invalidation while the core still runs the old table: it may walk it and fill once more.
-- Arm DDI 0487 L.b, D8.16 (use of ASIDs) and D8.2 (walks may be speculative).
local m = explore { cores = 1, tlb_entries = 2 }
local one, two = m:tables { asid = 1 }, m:tables { asid = 1 }
local first, second = m:frames("4K"), m:frames("4K")
one:premap(0x0, first, "4K", "rw-u")
two:premap(0x0, second, "4K", "rw-u")
m:word(first, 1)
m:word(second, 2)

m.core[1]:program(function(core)
  core:switch(one)
  local before = core:load(0x0)
  core:tlbi("aside1", one.asid)
  core:dsb("nsh")
  core:switch(two)
  core:isb()
  return before * 10 + core:load(0x0)
end)

m:outcome("the second table's program reads the first one's frame", "allowed", function(r1) return r1 == 11 end)
m:outcome("each reads its own", "allowed", function(r1) return r1 == 12 end)
