-- ranges with format ranges-48 breaks "stopped":
--   when the machine stops at any call, the operation returns at once
--   (pagetables/environment.h, ENVIRONMENT_STOPPED).
--
-- unmap goes on for 1 calls after the one that the machine stopped at, at step 2 of 2.
-- This script performs the sequence, but the failure shows in the kit alone: no script goes on when the machine stops.
--
-- Found by: mmusim conform ranges

local MACHINE = {
  cores = 1, record = "counters", ordering = "arm",
  memory = { size = "16M" },
}
local SPACE = { table = "ranges", format = "ranges-48", asid = 4095 }
local STEPS = {                                     -- and what each should answer
  { kind = "map", va = 0x0, pa = 0x0, size = "4K", attributes = "rw-u", mapped = "rw-u", answer = "ok" },
  { kind = "unmap", va = 0x0, answer = "ok" },
}
local STARVED = 0                                    -- the step without memory; 0: none
local COUNT_TABLES = false

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

-- How many free pages of 4 KiB there are: what is missing, the page table has.
local function free_pages()
  local taken = {}
  while true do
    local fine, pa = pcall(m.frames, m, "4K")
    if not fine then break end
    taken[#taken + 1] = pa
  end
  for _, pa in ipairs(taken) do m:release_frames(pa, "4K") end
  return #taken
end

-- The step with less memory than it needs, then with a little more, until it succeeds.
local function starve(core, step, number)
  local taken = {}
  local answer
  while true do
    local fine, pa = pcall(m.frames, m, "4K")
    if not fine then break end
    taken[#taken + 1] = pa
  end
  repeat
    local before = free_pages()
    answer = perform(core, step)
    if answer == "ok" then break end
    local after = free_pages()
    if answer ~= "no-memory" then error("step " .. number .. " answers without memory: " .. answer, 0) end
    if before ~= after then
      error(string.format("step %d failed, and the page table keeps %d pages", number, before - after), 0)
    end
    check(core, number)
    for _ = 1, 4 do if #taken > 0 then m:release_frames(table.remove(taken), "4K") end end
  until #taken == 0
  for _, pa in ipairs(taken) do m:release_frames(pa, "4K") end
  return answer
end

m.core[1]:program(function(core)
  core:switch(as)
  local at_first = COUNT_TABLES and free_pages()
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
    local at_last = free_pages()
    if at_last ~= at_first then
      error(string.format("all is unmapped, and the page table has %d pages more than at first",
                          at_first - at_last), 0)
    end
  end
end)
