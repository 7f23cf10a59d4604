-- A spin lock in simulated memory: no increment is lost.
local m = machine { cores = 4, record = "misses", memory = { size = "64M" } }
local place = m:frames("4K")
local lock, count = place, place + 8
for number = 1, 4 do
  m.core[number]:program(function(core)
    for _ = 1, 5 do
      while not core:compare_exchange(lock, 0, number) do core:wait(core:random(200)) end
      local value = core:read(count)
      core:write(count, value + 1)
      core:dsb("ishst")
      core:write(lock, 0)
    end
    m:barrier("end")
    if number == 1 then print("count", core:read(count)) end
  end)
end
