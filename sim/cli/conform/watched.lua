local ROUNDS = 6                                    -- the timing differs from one to the next
local m = machine(MACHINE)
local as = m:address_space(SPACE)
local busy = false

local function perform(core, step)
  local fine, answer, why
  if step.kind == "map" then
    fine, answer, why = pcall(as.map, as, core, step.va, step.pa, step.size, step.attributes)
  elseif step.kind == "protect" then
    fine, answer, why = pcall(as.protect, as, core, step.va, step.attributes)
  else
    fine, answer, why = pcall(as[step.kind], as, core, step.va)
  end
  return fine and (answer and "ok" or why) or answer
end

-- Each step begins when the other core holds what it can hold, and the next one when it has looked again.
local function round(core, number)
  for index, step in ipairs(STEPS) do
    busy = true
    m:barrier("before")
    core:wait(1 + 37 * number)
    local answer = perform(core, step)
    busy = false
    if number == 1 then print(index, step.kind, hex(step.va), answer) end
    if REUSE and step.kind == "unmap" then          -- a table that was released is used again
      perform(core, { kind = "map", va = step.va ~ REUSE, pa = 0, size = SMALLEST, attributes = PLAIN })
    end
    m:barrier("after")
    m:barrier("looked")
    if REUSE and step.kind == "unmap" then perform(core, { kind = "unmap", va = step.va ~ REUSE }) end
  end
  for _, mapping in ipairs(as:interpret()) do perform(core, { kind = "unmap", va = mapping.va }) end
end

m.core[1]:program(function(core)
  core:switch(as)
  for number = 1, ROUNDS do round(core, number) end
end)

m.core[2]:program(function(core)
  local function look()
    for _, va in ipairs(ADDRESSES) do
      core:load(va, { data = "none", privilege = "user" })
      core:load(va, { data = "none", privilege = "kernel" })
    end
  end
  core:switch(as)
  for _ = 1, ROUNDS * #STEPS do
    look()
    m:barrier("before")
    while busy do
      look()
      core:wait(core:random(40))
    end
    m:barrier("after")
    look()
    m:barrier("looked")
  end
end)
