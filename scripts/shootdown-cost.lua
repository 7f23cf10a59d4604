-- What an unmap costs as cores are added: core 1 unmaps pages while all other cores work.
--
-- Each unmap invalidates its page in every TLB and waits for every core's answer. The other cores miss their TLBs
-- often, so they also keep the one bus busy that core 1's page-table code needs. The number of cores is an
-- argument; a process simulates one machine, so a table is a loop of the shell:
--
--   for n in 1 2 4 8 16 32; do
--     mmusim run -q --record counters -f -o shootdown-$n.db scripts/shootdown-cost.lua $n
--   done
--   mmusim query shootdown-8.db "SELECT * FROM histogram_quantiles"
--
-- With `--record misses` the views shootdowns, acknowledgement_log and operation_cost tell each single one.

local cores = math.tointeger(tonumber(arg[1] or 4)) or error("the argument is the number of cores")
local UNMAPS = 100
local SHARED, WORK = 0x40000000, 0x80000000

local m = machine { cores = cores, record = "misses", memory = { size = "1G" } }
local as = m:address_space {}
as:premap(SHARED, m:frames("1M"), "4K", "rw-u", 2 * UNMAPS)
as:premap(WORK, m:frames("64M"), "4K", "rw-u", 16384)

local done = false

m.core[1]:program(function(core)
  core:switch(as)
  core:wait(10000)
  local total, most = 0, 0
  for i = 0, UNMAPS - 1 do
    local begin = core:now()
    as:unmap(core, SHARED + 8192 * i)                  -- every other page, so that no table becomes empty
    local cycles = core:now() - begin
    total, most = total + cycles, math.max(most, cycles)
  end
  done = true
  print(string.format("%2d cores: an unmap takes %7.1f cycles, %5d at the most", cores, total / UNMAPS, most))
end)

for i = 2, cores do
  m.core[i]:program(function(core)
    core:switch(as)
    while not done do
      core:run(stream.zipf { base = WORK, size = "64M", skew = 0.99, n = 1000 })
    end
  end)
end
