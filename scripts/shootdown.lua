-- What an unmap costs, by the way in which the other cores are told: by hardware, or by interrupts of software.
--
-- Core 1 unmaps runs of 16 pages, each of which has to be invalidated. Core 2 works in the same address space, core 3 has
-- left it for another one, the rest never ran it. Printed are the cycles of one unmap, what core 2 and the last core got
-- done meanwhile (of one access a cycle), and what it costs core 3 to come back. A process simulates one machine, so a
-- table is a loop of the shell:
--
--   for way in broadcast all ran active batch threshold; do
--     mmusim run -q --record counters -f -o shootdown-$way.db scripts/shootdown.lua $way
--   done
--
-- all, ran, active: shootdown.targets, one interrupt for each page; batch: as ran, with 8 pages an interrupt; threshold: as
-- ran, and instead of more than 8 pages the whole address space is dropped. A second argument is the number of cores, a third that of unmaps.

local WAYS = {
  broadcast = {},
  all       = { shootdown = { targets = "all", threshold = 0 } },
  ran       = { shootdown = { targets = "ran", threshold = 0 } },
  active    = { shootdown = { targets = "active", threshold = 0 } },
  batch     = { shootdown = { targets = "ran", batch = 8, threshold = 0 } },
  threshold = { shootdown = { targets = "ran", batch = 16, threshold = 8 } },
}
local way = arg[1] or "active"
local cores = math.tointeger(tonumber(arg[2] or 8))
local hardware = WAYS[way] or error("the argument is broadcast, all, ran, active, batch or threshold")
hardware.invalidation = way ~= "broadcast" and { scheme = "interrupt", message = 20 } or nil
hardware.cores, hardware.record, hardware.memory = cores, "misses", { size = "1G" }

local UNMAPS, RUN = math.tointeger(tonumber(arg[3] or 20)), 0x10000
local SHARED, WORK = 0x40000000, 0x80000000

local m = machine(hardware)
local shared, other = m:address_space {}, m:address_space {}
shared:premap(SHARED, m:frames("2M"), "64K", "rw-u", UNMAPS)
shared:premap(WORK, m:frames("1M"), "4K", "rw-u", 256)
other:premap(WORK, m:frames("1M"), "4K", "rw-u", 256)

local function touch(core)
  for i = 0, UNMAPS - 1 do core:load(SHARED + RUN * i, { data = "none" }) end
end

local done, back, busy = false, 0, {}

m.core[1]:program(function(core)
  core:switch(shared)
  touch(core)
  m:barrier("ready")
  local begin = core:now()
  for i = 0, UNMAPS - 1 do shared:unmap(core, SHARED + RUN * i) end
  local cycles = core:now() - begin
  done = true
  m:barrier("measured")
  print(string.format("%-9s %8.1f cycles an unmap; core 2 at %3.0f%%, core %d at %3.0f%%; %4d cycles to come back", way,
                      cycles / UNMAPS, busy[2], cores, busy[cores], back))
end)

for number = 2, cores do
  m.core[number]:program(function(core)
    core:switch(number <= 3 and shared or other)
    if number <= 3 then touch(core) end
    if number == 3 then core:switch(other) end
    core:run(stream.sequential { base = WORK, size = "64K", n = 1024 })
    m:barrier("ready")
    local begin, accesses = core:now(), 0
    while not done do
      accesses = accesses + core:run(stream.uniform { base = WORK, size = "64K", n = 100 }).accesses
    end
    busy[number] = 100 * accesses / (core:now() - begin)
    if number == 3 then
      begin = core:now()
      core:switch(shared)
      back = core:now() - begin
    end
    m:barrier("measured")
  end)
end
