-- Delta debugging of a flat script: parts are taken away as long as it fails in the same way.
--
-- The same way is: the checker finds the same rule broken at the same page of the same space. A candidate is run with the
-- program itself; one that ends with an error does not fail.
local host, flat = ...

local PAGE_LG2 = 12

local function refuse(text, ...)
  error({ sentence = string.format(text, ...) }, 0)
end

-- ---- The failure ----

local function original()
  local told = flat.read(host.original(true, false))
  if not told.result or told.result.status ~= 0 or not told.machine then
    told = flat.read(host.original(false, false)) -- for the place in the script
    if not told.result then refuse("'%s': its run did not come to an end", host.script) end
    refuse("%s", told.result.error)
  end
  if not told.result.checked then refuse("'%s' has check = false: without the checker nothing can be found", host.script) end
  local every_access = (told.machine.record or "misses") == "all"
  local found = flat.read(host.original(false, every_access))
  return told, found.findings, every_access
end

local told, findings, every_access = original()
local target
for _, finding in ipairs(findings) do
  if finding.space > 0 then target = finding break end
end
if #findings == 0 then
  host.tell(string.format("the checker finds nothing in the run of '%s': there is nothing to shrink", host.script))
  return
end
target = target or findings[1]

local whole = flat.whole(told)
local best = flat.state(whole, told, host.seed)
local runs = 2

-- ---- Trials ----

-- The finding of a candidate's answer that is the failure; nil if it does not fail so.
local function failure(answer, state)
  local seen = flat.read(answer)
  if not seen.result or seen.result.status ~= 0 then return nil, seen end
  local space = target.space > 0 and flat.space_number(whole, state, target.space) or 0
  for _, finding in ipairs(seen.findings) do
    if finding.rule == target.rule and finding.space == space and finding.va >> PAGE_LG2 == target.va >> PAGE_LG2 then
      return finding, seen
    end
  end
  return nil, seen
end

local known = {}                 -- by text: whether it fails so

-- The first of the candidates that fails so, or nil.
local function first_failing(candidates)
  local place = 1
  while place <= #candidates do
    local batch, texts = {}, {}
    while place <= #candidates and #texts < host.jobs do
      local ok, text = pcall(flat.print, whole, candidates[place])
      if ok then
        batch[#batch + 1] = { place = place, text = text }
        if known[text] == nil then texts[#texts + 1] = text end
        if known[text] then break end
      end
      place = place + 1
    end
    local answers = #texts > 0 and host.run(texts, every_access) or {}
    runs = runs + #texts
    local by_text = {}
    for i, text in ipairs(texts) do by_text[text] = answers[i] end
    for _, trial in ipairs(batch) do
      if known[trial.text] == nil then known[trial.text] = failure(by_text[trial.text], candidates[trial.place]) ~= nil end
      if known[trial.text] then return trial.place end
    end
  end
end

local calls_at_first = #flat.left(whole, best)
local function report(what)
  host.progress(string.format("%s: %d of %d calls left, %d runs", what, #flat.left(whole, best), calls_at_first, runs))
end

-- Takes chunks of the units away, smaller and smaller ones. `variants(state, chunk)` gives the candidates without a chunk.
local function take_away(what, units, variants, first_size)
  local any, size = false, math.max(1, first_size or #units)
  while #units > 0 do
    local place, removed = 1, false
    while place <= #units do
      report(what)
      -- as many neighbouring chunks as runs go at once
      local candidates, chunks, at = {}, {}, place
      while at <= #units and #candidates < host.jobs do
        local chunk = {}
        for i = at, math.min(at + size - 1, #units) do chunk[#chunk + 1] = units[i] end
        for _, candidate in ipairs(variants(best, chunk)) do
          candidates[#candidates + 1] = candidate
          chunks[#chunks + 1] = at
        end
        at = at + size
      end
      local found = first_failing(candidates)
      if found then
        best, any, removed = candidates[found], true, true
        for _ = 1, math.min(size, #units - chunks[found] + 1) do table.remove(units, chunks[found]) end
        place = chunks[found]
      else
        place = at
      end
    end
    if size == 1 then
      if not removed then break end
    else
      size = (size + 1) // 2
    end
  end
  return any
end

local function changed(state, edit)
  local new = flat.copy(state)
  for _, key in ipairs { "gone", "waits", "changed", "inlined", "strict", "settings", "cores" } do new[key] = flat.copy(state[key]) end
  edit(new)
  return new
end

-- One candidate; true if it is better now.
local function try(edit)
  local candidate = changed(best, edit)
  if not first_failing { candidate } then return false end
  best = candidate
  return true
end

-- ---- What can be taken away ----

local function without(state, ids)
  return changed(state, function(new)
    for _, id in ipairs(ids) do new.gone[id] = true new.waits[id] = nil end
  end)
end

-- The time that a call took, without that of inlined bodies: their calls are there themselves.
local function own_cycles(state, call)
  local cycles = call.cycles
  for _, number in ipairs(whole.bodies_of[call.id] or {}) do
    for id, inner in pairs(state.inlined[number] and whole.by_id or {}) do
      if inner.inside == number then cycles = cycles - inner.cycles end
    end
  end
  return math.max(cycles, 0)
end

-- In place of the calls, the time that they took: what comes after stays where it was. Nil if they took none.
local function as_waits(state, ids)
  local any = false
  local new = changed(state, function(new)
    for _, id in ipairs(ids) do
      local call = whole.by_id[id]
      local cycles = call and own_cycles(state, call) or 0
      if call and call.list > 0 and cycles > 0 and not new.waits[id] then
        new.waits[id] = cycles
        any = true
      elseif not new.waits[id] then
        new.gone[id] = true
      end
    end
  end)
  return any and new or nil
end

local function removed_or_waited(state, ids)
  return { without(state, ids), as_waits(state, ids) }
end

local function only_removed(state, ids) return { without(state, ids) } end

-- Waits next to each other in one list are one: the script is the same.
local function join_waits()
  best = changed(best, function(new)
    for _, sequence in ipairs(flat.sequences(whole, new)) do
      local before = nil
      for _, id in ipairs(sequence) do
        if not new.gone[id] and not whole.by_id[id].silent then
          if not new.waits[id] then
            before = nil
          elseif before then
            new.waits[before] = new.waits[before] + new.waits[id]
            new.waits[id], new.gone[id] = nil, true
          else
            before = id
          end
        end
      end
    end
  end)
end

-- What handlers of single accesses did is done before the access, if it fails so, too: then there is no fault that
-- something else could miss. Of all programs at once, or of each.
local function inline_handlers()
  local by_core, cores, all = {}, {}, {}
  for number, body in ipairs(whole.bodies) do
    local call = whole.by_id[body.call]
    if call and call.method ~= "run" then
      if not by_core[body.list] then cores[#cores + 1] = body.list end
      by_core[body.list] = by_core[body.list] or {}
      table.insert(by_core[body.list], number)
      all[#all + 1] = number
    end
  end
  local function inline(numbers)
    return try(function(new)
      for _, number in ipairs(numbers) do new.inlined[number] = true end
    end)
  end
  report("fault handlers")
  if #all == 0 or inline(all) then return end
  table.sort(cores)
  for _, core in ipairs(cores) do inline(by_core[core]) end
end

local function take_programs()
  local by_core, cores = {}, {}
  for _, id in ipairs(flat.left(whole, best)) do
    local list = whole.by_id[id].list
    if list > 0 then
      if not by_core[list] then cores[#cores + 1] = list end
      by_core[list] = by_core[list] or {}
      table.insert(by_core[list], id)
    end
  end
  table.sort(cores)
  return take_away("programs", cores, function(state, chunk)
    local ids = {}
    for _, core in ipairs(chunk) do table.move(by_core[core], 1, #by_core[core], #ids + 1, ids) end
    return only_removed(state, ids)
  end, 1)
end

-- Meetings by name, then each by its turn: in all programs at once, or waited for as long as it took.
local function take_meetings(key)
  local by_name, names = {}, {}
  for _, id in ipairs(flat.left(whole, best)) do
    local name = whole.by_id[id][key]
    if name and not best.waits[id] then
      if not by_name[name] then names[#names + 1] = name end
      by_name[name] = by_name[name] or {}
      table.insert(by_name[name], id)
    end
  end
  return take_away("barriers", names, function(state, chunk)
    local ids = {}
    for _, name in ipairs(chunk) do table.move(by_name[name], 1, #by_name[name], #ids + 1, ids) end
    return removed_or_waited(state, ids)
  end, #names)
end

local function take_calls()
  local units = {}
  for _, id in ipairs(flat.left(whole, best)) do
    if not best.waits[id] and not whole.by_id[id].meeting then units[#units + 1] = id end
  end
  return take_away("calls", units, removed_or_waited)
end

local function take_bodies()
  return take_away("fault handlers", flat.left_bodies(whole, best), only_removed)
end

local function take_waits()
  join_waits()
  local units = {}
  for _, id in ipairs(flat.left(whole, best)) do
    if best.waits[id] then units[#units + 1] = id end
  end
  return take_away("waits", units, only_removed)
end

-- A number near to `value` that is easier to read: two digits, then zeros.
local function rounded_up(value)
  local unit = 1
  while value // unit >= 100 do unit = unit * 10 end
  return (value + unit - 1) // unit * unit
end

local settled = {}                -- waits by id, as short as they get

local function shorten_waits()
  local any = false
  for _, id in ipairs(flat.left(whole, best)) do
    local most, least = best.waits[id], 0
    if most == settled[id] then most = nil end
    while most and most - least > math.max(1, most // 16) do
      report("waits")
      local middle = (least + most) // 2
      if try(function(new) new.waits[id] = middle end) then most, any = middle, true else least = middle end
    end
    if most and rounded_up(most) ~= most then try(function(new) new.waits[id] = rounded_up(most) end) end
    settled[id] = best.waits[id]
  end
  return any
end

local function with_arguments(id, edit)
  local call = flat.copy(flat.call(whole, best, id))
  call.args = flat.copy(call.args)
  edit(call)
  return function(new) new.changed[id] = call end
end

-- Streams: one access of the page instead, or fewer accesses. All at once, and then each: a stream that one core runs no
-- more leaves faults to the others.
local function left_streams()
  local ids = {}
  for _, id in ipairs(flat.left(whole, best)) do
    local call = flat.call(whole, best, id)
    if call.method == "run" and not best.waits[id] and type(call.args[1]) == "table" and call.args[1].tag == "stream" then
      ids[#ids + 1] = id
    end
  end
  return ids
end

local function with_all(ids, edit)
  local edits = {}
  for _, id in ipairs(ids) do edits[#edits + 1] = with_arguments(id, edit) end
  return function(new)
    for _, each in ipairs(edits) do each(new) end
  end
end

local function one_access_of(ids)
  for _, method in ipairs { "load", "store", "fetch" } do
    report("streams")
    if try(with_all(ids, function(call)
      call.method, call.raised, call.args = method, false, { target.va, method == "store" and 1 or nil }
    end)) then return true end
  end
  return false
end

local function length_key(stream) return stream.name == "trace" and "records" or "n" end

-- Divides the lengths as often as that still fails; the longest is what is left.
local function divide(ids, by)
  local any, longest = false, math.huge
  local function shorter(call)
    local stream = flat.copy(call.args[1])
    local key = length_key(stream)
    stream.args = flat.copy(stream.args)
    stream.args[key] = math.max(1, math.tointeger(stream.args[key] or 1 << 20) // by)
    call.args[1] = stream
    longest = math.max(longest, stream.args[key])
  end
  repeat
    report("streams")
    longest = 0
    local better = try(with_all(ids, shorter))
    any = any or better
  until not better or longest <= 1
  return any
end

local function shorten_streams()
  local any, ids = false, left_streams()
  if #ids > 1 then any = one_access_of(ids) end
  for _, id in ipairs(left_streams()) do any = one_access_of { id } or any end
  for _, by in ipairs { 64, 8, 2 } do
    ids = left_streams()
    if #ids > 1 then any = divide(ids, by) or any end
    for _, id in ipairs(ids) do any = divide({ id }, by) or any end
  end
  return any
end

local UNITS = { K = 1 << 10, M = 1 << 20, G = 1 << 30, T = 1 << 40 }
local function bytes_of(size)
  local number, unit = tostring(size):match("^(%d+)([KMGT]?)")
  return math.tointeger(tonumber(number) * (UNITS[unit] or 1))
end

-- Many pages at once: the one of the failure alone, or else one half.
local function shorten_premaps()
  local any = false
  for _, id in ipairs(flat.left(whole, best)) do
    local call = flat.call(whole, best, id)
    while call.method == "premap" and (call.args[5] or 1) > 1 do
      report("pages")
      local size, count = bytes_of(call.args[3]), call.args[5]
      local page = (target.va - call.args[1]) // size
      local function part(first, pages)
        return with_arguments(id, function(new)
          new.args[1], new.args[2] = call.args[1] + first * size, call.args[2] + first * size
          new.args[5] = pages > 1 and pages or nil
        end)
      end
      if not ((page >= 0 and page < count and try(part(page, 1))) or try(part(0, count // 2)) or
              try(part(count // 2, count - count // 2))) then break end
      any = true
      call = flat.call(whole, best, id)
    end
  end
  return any
end

-- Every table in a table of settings: whole, then key by key. `set(new, settings)` puts it into a state.
local function take_settings(what, get, set, kept)
  local any = false
  local function removed(settings, path, depth)
    local new = flat.copy(settings)
    if depth == #path then new[path[depth]] = nil else new[path[depth]] = removed(new[path[depth]], path, depth + 1) end
    return new
  end
  local function visit(settings, path)
    local keys = {}
    for key in pairs(settings) do
      if type(key) == "string" then keys[#keys + 1] = key end
    end
    table.sort(keys)
    for _, key in ipairs(keys) do
      path[#path + 1] = key
      report(what)
      if not (#path == 1 and kept[key]) then
        if try(function(new) set(new, removed(get(new), path, 1)) end) then any = true
        elseif type(settings[key]) == "table" and not settings[key].tag then visit(settings[key], path) end
      end
      path[#path] = nil
    end
  end
  visit(get(best), {})
  return any
end

local function take_all_settings()
  local any = take_settings("machine", function(state) return state.machine end, function(state, new) state.machine = new end,
                            { record = true, cores = true })
  for number in ipairs(whole.spaces) do
    any = take_settings("spaces", function(state) return state.settings[number] end,
                        function(state, new) state.settings[number] = new end, {}) or any
  end
  return any
end

-- No more cores than have programs, and those from 1 on.
local function take_cores()
  local used, numbers, most = {}, {}, 1
  for _, id in ipairs(flat.left(whole, best)) do
    local list = whole.by_id[id].list
    if list > 0 and not used[list] then
      used[list] = true
      numbers[#numbers + 1] = list
      most = math.max(most, list)
    end
  end
  table.sort(numbers)
  local function machine_of(new, cores)
    new.machine = flat.copy(new.machine)
    new.machine.cores = cores > 1 and cores or nil
  end
  if try(function(new)
    for place, number in ipairs(numbers) do new.cores[number] = place end
    machine_of(new, #numbers)
  end) then return end
  if (best.machine.cores or 1) > most then try(function(new) machine_of(new, most) end) end
end

-- ---- All of it ----

local first, seen = failure(host.run({ flat.print(whole, best) }, every_access)[1], best)
runs = runs + 1
if not first then
  local got = seen.result and seen.result.error ~= "" and seen.result.error
  refuse("the calls of '%s', made again, do not fail with %s at 0x%x%s", host.script, target.rule, target.va,
         got and ": " .. got or "")
end
local exact = first.cycle == target.cycle

-- Frames are taken before the run, and what nothing needs is left out: if the failure lives with that.
if not try(function(new) new.hoisted, new.gc = true, true end) then try(function(new) new.gc = true end) end
-- What raises an error once other calls are gone does no harm, until the end.
best = changed(best, function(new) new.tolerant = true end)
inline_handlers()
take_programs()
take_meetings("meeting_name")
take_meetings("meeting")
shorten_streams()
take_calls()
repeat
  local any = take_bodies()
  any = take_waits() or any
  any = take_meetings("meeting") or any
  any = shorten_streams() or any
  any = shorten_premaps() or any
  any = take_all_settings() or any
  any = shorten_waits() or any
  take_cores()
  -- each call alone, those of meetings too: when none can go, nothing is left that is not needed
  local units = flat.left(whole, best)
  any = take_away("single calls", units, only_removed, 1) or any
  join_waits()
until not any

-- ---- The result ----

-- Calls that do not raise need no pcall.
if not try(function(new) new.tolerant = false end) then
  for _, id in ipairs(flat.left(whole, best)) do try(function(new) new.strict[id] = true end) end
end

local last = failure(host.run({ flat.print(whole, best) }, every_access)[1], best)
runs = runs + 1
if not last then refuse("the small script of '%s' does not fail each time it is run", host.script) end
local calls_at_last = #flat.left(whole, best)

-- A text as comments of at most so many columns.
local function wrapped(text, columns)
  local lines, line = {}, ""
  for word in text:gmatch("%S+") do
    if line ~= "" and #line + #word + 1 > columns then
      lines[#lines + 1] = line
      line = ""
    end
    line = line == "" and word or line .. " " .. word
  end
  lines[#lines + 1] = line
  return lines
end

local heading = wrapped(string.format("Made by: %s", host.command_line), 112)
for _, line in ipairs(wrapped(string.format("%d of the %d calls that the script made are left. It fails with %s in cycle %d: %s.",
                                            calls_at_last, calls_at_first, last.rule, last.cycle, last.text), 112)) do
  heading[#heading + 1] = line
end
host.write(flat.print(whole, best, heading, host.prefix))
host.tell(string.format("%s fails with %s in cycle %d: %d of %d calls are left, after %d runs%s", host.output, last.rule,
                        last.cycle, calls_at_last, calls_at_first, runs,
                        exact and "" or string.format(" (the calls made again failed in cycle %d, the script in %d)", first.cycle,
                                                      target.cycle)))
