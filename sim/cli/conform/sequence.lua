local m = machine(MACHINE)
local as = m:address_space(SPACE)
local expected = {}                                 -- what should be mapped, by its base

-- What the page table answers: "ok", a reason, or the sentence of a refusal.
local function perform(core, step)
  local fine, answer, why
  if step.kind == "map" then
    fine, answer, why = pcall(as.map, as, core, step.va, step.pa, step.size, step.attributes)
  elseif step.kind == "protect" then
    fine, answer, why = pcall(as.protect, as, core, step.va, step.attributes)
  else
    fine, answer, why = pcall(as[step.kind], as, core, step.va)
  end
  if not fine then return "unsupported", answer end
  return answer and "ok" or why
end

local function follow(step)
  if step.answer ~= "ok" or step.kind == "query" then return end
  if step.kind == "map" then
    expected[step.va] = { pa = step.pa, size = size(step.size), attributes = step.mapped }
  elseif step.kind == "protect" then
    expected[step.va].attributes = step.mapped
  else
    expected[step.va] = nil
  end
end

local function told(mapping)
  return mapping and hex(mapping.pa) .. ", " .. mapping.size .. " bytes, " .. mapping.attributes or "nothing"
end

-- Hardware reads what should be mapped from memory, and query says the same of both ends.
local function check(core, number)
  local found = {}
  for _, mapping in ipairs(as:interpret()) do
    found[mapping.va] = mapping
    if told(expected[mapping.va]) ~= told(mapping) then
      error(string.format("after step %d hardware reads at %s: %s, instead of %s", number, hex(mapping.va),
                          told(mapping), told(expected[mapping.va])), 0)
    end
  end
  for va, mapping in pairs(expected) do
    if not found[va] then error("after step " .. number .. " hardware does not find " .. hex(va), 0) end
    for _, place in ipairs { va, va + mapping.size // 2, va + mapping.size - 1 } do
      local answer, why = as:query(core, place)
      if not answer then error("after step " .. number .. " query of " .. hex(place) .. " says: " .. why, 0) end
      if answer.va ~= va or answer.pa ~= mapping.pa or answer.size ~= mapping.size then
        error(string.format("after step %d query of %s says: %s at %s, instead of %s at %s", number, hex(place),
                            told(answer), hex(answer.va), told(mapping), hex(va)), 0)
      end
    end
  end
end

-- All memory that is free, in blocks of a table's size; what is missing, the page table has.
local function take_all()
  local taken = {}
  while true do
    local fine, pa = pcall(m.frames, m, BLOCK)
    if not fine then return taken end
    taken[#taken + 1] = pa
  end
end

local function free_blocks()
  local taken = take_all()
  for _, pa in ipairs(taken) do m:release_frames(pa, BLOCK) end
  return #taken
end

-- The step with less memory than it needs, then with a little more, until it succeeds.
local function starve(core, step, number)
  local taken = take_all()
  local answer
  repeat
    local before = free_blocks()
    answer = perform(core, step)
    if answer ~= "no-memory" then break end
    local after = free_blocks()
    if before ~= after then
      error(string.format("step %d failed without memory, and the page table keeps %d blocks of %s", number,
                          before - after, BLOCK), 0)
    end
    check(core, number)
    if #taken > 0 then m:release_frames(table.remove(taken), BLOCK) end
  until #taken == 0
  for _, pa in ipairs(taken) do m:release_frames(pa, BLOCK) end
  return answer
end

m.core[1]:program(function(core)
  core:switch(as)
  local at_first = COUNT_TABLES and free_blocks()
  for number, step in ipairs(STEPS) do
    local answer, why
    if number == STARVED then answer, why = starve(core, step, number) else answer, why = perform(core, step) end
    print(number, step.kind, hex(step.va), answer)
    if answer ~= step.answer then
      error(string.format("step %d, %s of %s, answers \"%s\" instead of \"%s\"", number, step.kind, hex(step.va),
                          why or answer, step.answer), 0)
    end
    follow(step)
    check(core, number)
  end
  if COUNT_TABLES then
    for va in pairs(expected) do
      as:unmap(core, va)
      expected[va] = nil
    end
    local at_last = free_blocks()
    if at_last ~= at_first then
      error(string.format("all is unmapped, and the page table has %d blocks of %s more than at first",
                          at_first - at_last, BLOCK), 0)
    end
  end
end)
