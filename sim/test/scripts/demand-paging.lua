-- Two cores fault on the same pages at the same time: one of them maps, the other finds it done.
local m = machine { cores = 2, record = "all", memory = { size = "64M" } }
local as = m:address_space {}
local maps, late = 0, 0

local function on_fault(core, fault)
  local frame = m:frames("4K")
  local mapped, why = as:map(core, page(fault.va), frame, "4K", "rw-u")
  if mapped then maps = maps + 1
  else
    assert(why == "overlap")
    m:release_frames(frame, "4K")
    late = late + 1
  end
  return true
end

for number = 1, 2 do
  m.core[number]:program(function(core)
    core:switch(as)
    core:on_fault(on_fault)
    m:barrier("go")
    local result = core:run(stream.sequential { base = 0x400000, size = "64K", step = 256, n = 256 })
    print(core, result.accesses .. " accesses")
    m:barrier("end")
    if number == 1 then print(maps .. " maps, " .. late .. " too late, " .. #as:interpret() .. " mappings") end
  end)
end
