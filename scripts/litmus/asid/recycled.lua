-- An ASID is given to another table: from a third space, all entries of it are invalidated before the new table is
-- switched to, so no walk of the old one can fill behind that.
-- Arm DDI 0487 L.b, D8.16 (use of ASIDs), C5.5 (TLBI ASIDE1).
local m = explore { cores = 1, tlb_entries = 2 }
local one, two = m:tables { asid = 1 }, m:tables { asid = 1 }
local other = m:tables { asid = 2 } -- where nothing is mapped
local first, second = m:frames("4K"), m:frames("4K")
one:premap(0x0, first, "4K", "rw-u")
two:premap(0x0, second, "4K", "rw-u")
m:word(first, 1)
m:word(second, 2)

m.core[1]:program(function(core)
  core:switch(one)
  local before = core:load(0x0)
  core:switch(other)
  core:tlbi("aside1", one.asid)
  core:dsb("nsh")
  core:switch(two)
  core:isb()
  return before * 10 + core:load(0x0)
end)

m:outcome("the second table's program reads the first one's frame", "forbidden", function(r1) return r1 == 11 end)
m:outcome("each reads its own", "allowed", function(r1) return r1 == 12 end)
