-- A frame is unmapped by page-table code and used anew. A store of another core that was translated before is complete
-- when the DSB after the TLBI is: none lands in the frame behind its new owner's.
-- Arm DDI 0487 L.b, D8.17.3: TLBI is complete when all accesses that used the translations are.
local m = explore { cores = 2, tlb_entries = 1, store_buffer = 1 }
local as = m:address_space { table = "radix" }
local frame = m:frames("4K")
as:premap(0x0, frame, "4K", "rw-u")

m.core[1]:program(function(core)
  as:unmap(core, 0x0)
  core:write(frame, 2) -- the new owner's
end)

m.core[2]:program(function(core)
  return core:store(0x0, 1) and 1 or 0
end)

m:outcome("the store lands behind the new owner's", "forbidden", function(_, _, memory) return memory(frame) == 1 end)
m:outcome("the store succeeds", "allowed", function(_, r2, memory) return r2 == 1 and memory(frame) == 2 end)
m:outcome("the store faults", "allowed", function(_, r2, memory) return r2 == 0 and memory(frame) == 2 end)
