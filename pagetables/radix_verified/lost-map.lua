-- Two cores map at once, and one mapping is lost although both were told that all was well.
--
-- The proof's operations own the table (`&mut self`): that nobody else is in it is taken on trust, and the code has no
-- lock. Both cores find the same entry invalid, both allocate a table and link it; the one that is linked first is
-- gone, with the page that was mapped in it.
--
--   mmusim run lost-map.lua [TABLE]

local TABLE = arg[1] or "./radix-verified.so"
local m = machine { cores = 2, memory = { size = "64M" }, record = "all" }
local vm = m:address_space { table = TABLE, format = "vmsa-s2-4k-39", vmid = 1 }
local PAGES = { 0x40000000, 0x40001000 }

for i, page in ipairs(PAGES) do
  local frame = m:frames("4K")
  m.core[i]:program(function(core)
    core:switch(vm)
    local mapped = vm:map(core, page, frame, "4K", "rwx")
    m:barrier("mapped")
    core:wait(1000)
    print(("core %d: map said %s; query now says %s, in cycle %d"):format(
      i, mapped and "ok" or "no", vm:query(core, page) and "mapped" or "not mapped", core:now()))
  end)
end
