-- Break before make: a block becomes small pages while another core uses it.
--
-- The architecture forbids to replace a valid entry by another one with a different output or size while a TLB may
-- hold it (Arm ARM DDI 0487, D8.14): first the entry is removed and invalidated everywhere, then the new ones are
-- written. Core 1 does that to a block of 2 MiB; core 2, which uses the block all the time, faults in between, waits
-- in its fault handler and goes on with a small page. Nothing that was stored is lost, since the frame stays.
--
--   mmusim run scripts/break-before-make.lua
--   mmusim check break-before-make.db
--   mmusim query break-before-make.db mapping_log
--   mmusim query break-before-make.db page_sizes
--   mmusim query break-before-make.db fault_log

local m = machine { cores = 2, record = "all", memory = { size = "64M" } }
local as = m:address_space {}

local BASE, SIZE, SMALL = 0x40000000, size("2M"), size("4K")
local FIRST = 16                        -- so many small pages are made here; the others can wait for their faults
local frame = m:frames(SIZE)
as:premap(BASE, frame, SIZE, "rw-u")
as:premap(BASE + SIZE, m:frames(SIZE), SIZE, "rw-u")   -- so that the break leaves the tables in use

local broken = false                    -- between break and make

m.core[1]:program(function(core)
  core:switch(as)
  core:wait(1000)
  broken = true
  local begin = core:now()
  as:unmap(core, BASE)                                                       -- break: returns when no TLB has it
  local made = core:now()
  for offset = 0, (FIRST - 1) * SMALL, SMALL do
    as:map(core, BASE + offset, frame + offset, SMALL, "rw-u")               -- make
  end
  broken = false
  print(string.format("core 1: break %d cycles, make %d cycles", made - begin, core:now() - made))
end)

m.core[2]:program(function(core)
  core:switch(as)
  local waited = 0
  core:on_fault(function(_, fault)
    local begin = core:now()
    while broken do core:wait(100) end
    waited = waited + core:now() - begin
    return true
  end)
  for i = 1, 400 do
    local va = BASE + core:random(FIRST) * SMALL - SMALL
    assert(core:store(va, i))
    assert(core:load(va) == i)
  end
  print(string.format("core 2: 400 stores and loads, %d cycles of them in the fault handler", waited))
end)
