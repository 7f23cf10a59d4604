-- A virtual machine whose memory is given on demand.
--
-- A guest kernel has a page table of its own, in what it takes for physical memory: its tables, and the pages that it
-- maps, have intermediate addresses. The hypervisor's table translates those, and at first it has nothing but the
-- guest's tables and one page. Two cores run the guest; each page that is missing is a stage-2 fault, which the
-- hypervisor handles by mapping a frame. In the end it takes a page back.
--
--   mmusim run scripts/virtual-machine.lua
--   mmusim query virtual-machine.db "SELECT * FROM walks WHERE fault_stage = 2"

local LATENCY <const> = 100
local m = machine {
  cores = 2, memory = { size = "64M", latency = LATENCY },
  walk_cache = {                                       -- their own time is left out, to count references below
    tables = { holds = "tables", latency = 0 },        -- where the guest's next table lies, by virtual address
    ipa    = { holds = "ipa", latency = 0 },           -- what stage 2 makes of an intermediate address
  },
}

local TABLES <const>, GUEST_MEMORY <const> = 0x40000000, 0x80000000     -- intermediate addresses
local BUFFER <const>, PAGES <const> = 0x400000, 16                      -- virtual address, and how many pages

local vm = m:address_space { format = "vmsa-s2-4k-48", vmid = 1 }
vm:premap(TABLES, m:frames("1M"), "4K", "rw-", 256)
vm:premap(GUEST_MEMORY, m:frames("4K"), "4K", "rw-")

local guest = m:address_space { format = "vmsa-4k-48", asid = 1, stage2 = vm, tables = { base = TABLES, size = "1M" } }
guest:premap(BUFFER, GUEST_MEMORY, "4K", "rw-u", PAGES)

local given = { 0, 0 }                                 -- frames, by core
local function hypervisor(core, fault)
  if fault.stage ~= 2 then return false end            -- the guest's own affair
  local frame = m:frames("4K")
  if vm:map(core, page(fault.ipa), frame, "4K", "rw-") then
    given[core.number] = given[core.number] + 1
  else                                                 -- the other core was faster
    m:release_frames(frame, "4K")
  end
  return true
end

-- How many words a translation reads: its time without both TLBs' look-ups, by the time of one.
local function references(core, va)
  local begin = core:now()
  core:load(va, { data = "none" })
  return (core:now() - begin - 1 - 7) // LATENCY
end

m.core[1]:program(function(core)
  core:switch(guest)
  print("the first walk reads " .. references(core, BUFFER) .. " words of tables")
  print(select(2, core:load(BUFFER + 0x1008)))         -- nobody handles it yet
  core:on_fault(hypervisor)
  core:store(BUFFER + 0x1008, 42)
  for _, kind in ipairs { "vae1is", "vale1is" } do     -- with the tables that lead to the page, or without
    core:tlbi(kind, BUFFER + 0x1000, guest)
    core:dsb()
    print("after tlbi " .. kind .. " it reads " .. references(core, BUFFER + 0x1000))
  end
  m:barrier("warm")
  core:run(stream.uniform { base = BUFFER, size = PAGES << 12, n = 1000, stores = 0.5 }, { data = "bus" })
  m:barrier("all pages are there")
  print("frames given by core 1 and core 2: " .. given[1] .. " and " .. given[2])
  core:store(BUFFER + 0x1008, 43)
  core:dsb()
  local begin = core:now()
  vm:unmap(core, GUEST_MEMORY + 0x1000)                -- both stages' invalidations, on all cores
  print("a page is taken back in " .. core:now() - begin .. " cycles")
  m:barrier("taken back")
end)

m.core[2]:program(function(core)
  core:switch(guest)
  core:on_fault(hypervisor)
  m:barrier("warm")
  core:run(stream.uniform { base = BUFFER, size = PAGES << 12, n = 1000, stores = 0.5 }, { data = "bus" })
  m:barrier("all pages are there")
  m:barrier("taken back")
  core:on_fault(nil)
  print("core 2: " .. tostring(select(2, core:load(BUFFER + 0x1008))))
end)
