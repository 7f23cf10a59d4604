-- Walks of x86 see the processor's own stores: an entry that becomes valid is found by the next load, fence or not.
-- Intel SDM volume 3, 4.10.2.3 and 4.10.4.3 (no invalidation is needed where an entry was not present).
local m = explore { cores = 1, tlb_entries = 1, store_buffer = 1 }
local t = m:tables { format = "x86-64-48", asid = 1, pages = { 0x0 } }
local frame = m:frames("4K")
local slot = t:entry(0x0, "4K")
m:word(frame, 1)

m.core[1]:program(function(core)
  core:write(slot, t:leaf(frame, "4K", "rw-u"))
  return core:load(0x0) or -1
end)

m:outcome("a fault behind the store", "forbidden", function(r1) return r1 == -1 end)
m:outcome("the frame", "allowed", function(r1) return r1 == 1 end)
