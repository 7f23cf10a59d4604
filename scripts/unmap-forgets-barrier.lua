-- A page table that forgets a barrier, caught: a walk brings back what the invalidation had just dropped.
--
-- The planted bug leaves out the DSB ISHST between the store that removes the entry and the TLBI. The store is
-- still in core 1's store buffer when core 2 drops its TLB entry; core 2 misses, walks, and reads the old entry
-- from memory. (A store stays in the buffer for at least store_buffer.drain cycles, which is long here, so that
-- the bug shows each time and not once a month.) Both `run` and `check` say so and exit with status 1.
--
--   mmusim run scripts/unmap-forgets-barrier.lua
--   mmusim run scripts/unmap-forgets-barrier.lua radix        -- the right page table, for comparison
--   mmusim check --stories 1 unmap-forgets-barrier.db
--   mmusim explain unmap-forgets-barrier.db
--   mmusim query unmap-forgets-barrier.db "SELECT * FROM event_log WHERE cycle > 5000 AND core = 2 LIMIT 20"

local m = machine {
  cores = 2, record = "all", memory = { size = "64M" },
  store_buffer = { drain = 2000 },
}
local as = m:address_space { table = arg[1] or "radix-forgets-barrier", format = "vmsa-4k-48" }

local PAGE, NEIGHBOUR = 0x400000, 0x401000
as:premap(PAGE, m:frames("4K"), "4K", "rw-u")
as:premap(NEIGHBOUR, m:frames("4K"), "4K", "rw-u")     -- so that the unmap leaves the tables in use

m.core[1]:program(function(core)
  core:switch(as)
  core:wait(4000)                                      -- core 2 has the page in its TLB now
  local begin = core:now()
  as:unmap(core, PAGE)
  print("core 1: unmapped from cycle " .. begin .. " to " .. core:now())
end)

m.core[2]:program(function(core)
  core:switch(as)
  local last, fault
  for _ = 1, 200 do
    last = core:now()
    fault = select(2, core:load(PAGE))
    if fault then break end
  end
  print("core 2: last load in cycle " .. last .. ", fault: " .. tostring(fault))
end)
