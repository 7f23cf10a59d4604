-- After unmap has returned, its frame belongs to somebody else, and no core reaches it by the old address.
local m = machine { cores = 3, record = "all", memory = { size = "64M" } }
local as = m:address_space {}
local done = false

m.core[1]:program(function(core)
  core:switch(as)
  for round = 1, 8 do
    local frame = m:frames("4K")
    as:map(core, 0x400000, frame, "4K", "rw-u")
    as:map(core, 0x401000, m:frames("4K"), "4K", "rw-u")
    core:store(0x400000, round)
    core:wait(1500)
    as:unmap(core, 0x400000)
    as:map(core, 0x800000 + round * 0x1000, frame, "4K", "rw-u")
    core:store(0x800000 + round * 0x1000, 1000 + round)
    as:unmap(core, 0x401000)
  end
  done = true
end)

for number = 2, 3 do
  m.core[number]:program(function(core)
    local loads, faults, wrong = 0, 0, 0
    core:switch(as)
    repeat
      local value, fault = core:load(0x400000)
      if fault then faults = faults + 1 else loads = loads + 1 end
      if value and value > 8 then wrong = wrong + 1 end
    until done
    print(core, loads > 0 and "saw values", faults > 0 and "and faults", wrong .. " wrong")
  end)
end
