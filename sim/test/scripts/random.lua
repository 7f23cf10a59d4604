-- Random numbers come from the seed: each core's own, and math.random for all.
local m = machine { seed = 11, cores = 2, record = "counters", memory = { size = "16M" } }
print("main chunk", math.random(100), math.random(100))
for number = 1, 2 do
  m.core[number]:program(function(core)
    local numbers = {}
    if number == 1 then core:wait(10) end
    for i = 1, 8 do numbers[i] = core:random(100) end
    print(core, table.concat(numbers, " "))
  end)
end
