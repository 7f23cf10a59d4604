-- The main job: two cores run halves of one real program in one address space, with demand paging and reclaim.
--
-- The trace is of sqlite3 joining two tables (traces/samples/README.md). Nothing is mapped at first. A fault
-- maps its page through the C page table, with no more rights than the access needs; the first store to a page
-- that was only read adds the right to write. Between slices of its half, core 1 takes back the oldest pages
-- while core 2 goes on: as:unmap invalidates them in both cores' TLBs and waits until nobody can use them, then
-- the frames are used again. Faults bring the pages back. (What they held is not kept: translation is the
-- subject, and the trace does not depend on values.)
--
--   mmusim run scripts/quickstart.lua
--   mmusim check quickstart.db
--   mmusim query quickstart.db "SELECT * FROM miss_by_instruction LIMIT 5"
--   mmusim query quickstart.db "SELECT * FROM shootdowns ORDER BY cycles DESC LIMIT 5"

local TRACE   = "../traces/samples/sqlite3-join.x86_64.mtrace.xz"
local RECORDS = 250000     -- for each core
local SLICES  = 10         -- of core 1, with a reclaim after each
local RECLAIM = 20         -- pages

local m = machine {
  seed = 1, cores = 2, record = "misses", memory = { size = "1G" },
  tlb = { l1i = { entries = 48, ways = 4 }, l1d = { entries = 64, ways = 4 }, l2 = { entries = 1536, ways = 12 } },
}
local as = m:address_space { table = "radix", format = "vmsa-4k-48", asid = 1 }

-- What the operating system knows. Programs take turns in the order of simulated time, so they can share it.
local pages  = {}          -- by address: { va, frame, rights }
local oldest = {}          -- the same, in the order in which they were mapped
local locked = {}          -- pages that a core is changing
local count  = { faults = 0, maps = 0, protects = 0, unmaps = 0 }

local function lock(core, va)
  while locked[va] do core:wait(50) end
  locked[va] = true
end

-- The rights of a page after one more kind of access: "r--u", "rw-u", "r-xu" or "rwxu".
local function with(rights, access)
  if access == "store" then return "rw" .. rights:sub(3) end
  if access == "fetch" then return rights:sub(1, 2) .. "xu" end
  return rights
end

local function map_page(core, va, access)
  local entry = { va = va, frame = m:frames("4K"), rights = with("r--u", access) }
  assert(as:map(core, va, entry.frame, "4K", entry.rights))
  count.maps = count.maps + 1
  pages[va] = entry
  table.insert(oldest, entry)
end

local function allow(core, entry, access)
  local rights = with(entry.rights, access)
  if rights == entry.rights then return end         -- the other core was faster
  assert(as:protect(core, entry.va, rights))
  count.protects = count.protects + 1
  entry.rights = rights
end

local function on_fault(core, fault)
  local va = page(fault.va)
  count.faults = count.faults + 1
  lock(core, va)
  if pages[va] then allow(core, pages[va], fault.access) else map_page(core, va, fault.access) end
  locked[va] = nil
  return true                                       -- try the access again
end

local function reclaim(core)
  for _ = 1, math.min(RECLAIM, #oldest) do
    local entry = table.remove(oldest, 1)
    lock(core, entry.va)
    assert(as:unmap(core, entry.va))
    m:release_frames(entry.frame, "4K")             -- safe now: nobody can use the old translation any more
    count.unmaps = count.unmaps + 1
    pages[entry.va] = nil
    locked[entry.va] = nil
  end
end

m.core[1]:program(function(core)
  core:switch(as)
  core:on_fault(on_fault)
  local slice = RECORDS // SLICES
  for i = 0, SLICES - 1 do
    core:run(stream.trace { path = TRACE, skip = i * slice, records = slice }, { data = "bus" })
    reclaim(core)
  end
  m:barrier("done")
  print(string.format("%d faults mapped %d pages and gave %d more rights; %d pages were taken back; %d are mapped in cycle %d.",
    count.faults, count.maps, count.protects, count.unmaps, #oldest, core:now()))
end)

m.core[2]:program(function(core)
  core:switch(as)
  core:on_fault(on_fault)
  core:run(stream.trace { path = TRACE, skip = RECORDS, records = RECORDS }, { data = "bus" })
  m:barrier("done")
end)

print("500,000 events of sqlite3 joining two tables, half of them on each of two cores, in one address space.")
