-- Flat scripts: what a run's script called, and a script that calls just that.
--
-- A state says what of it is left: which calls are gone, which became waits or something else, which settings the machine
-- and the spaces have. States are never changed once they are made; flat.print makes the script of one.
local flat = {}

-- ---- What a run told (sim/lua/calls.lua, trial.c) ----

-- The statements of an answer, as a table.
function flat.read(answer)
  local told = { calls = {}, bodies = {}, programs = {}, findings = {}, machine = nil, result = nil }
  local environment = {
    machine = function(t) told.machine = t end,
    program = function(core) told.programs[core] = true end,
    call = function(t) told.calls[#told.calls + 1] = t end,
    body = function(t) told.bodies[t.id] = t end,
    body_end = function(t) told.bodies[t.id].handled = t.handled end,
    finding = function(t) told.findings[#told.findings + 1] = t end,
    result = function(t) told.result = t end,
    S = function(n) return { tag = "space", number = n } end,
    C = function(n) return { tag = "core", number = n } end,
    T = function(t) t.tag = "stream" return t end,
  }
  -- Line by line: a chunk cannot be as long as a run.
  for line in answer:gmatch("[^\n]+") do
    local statement = load(line, "=answer", "t", environment)
    if statement then statement() end
  end
  table.sort(told.calls, function(a, b) return a.id < b.id end)
  return told
end

local UNITS = { [""] = 1, K = 1 << 10, M = 1 << 20, G = 1 << 30, T = 1 << 40 }
local function bytes_of(size)
  if math.type(size) == "integer" then return size end
  local number, unit = tostring(size):match("^(%d+)([KMGT]?)i?B?$")
  return number and tonumber(number) * UNITS[unit] or 4096
end

-- Where an argument is a physical address, by method.
local PHYSICAL = { map = 3, premap = 2, release_frames = 1, read = 1, write = 1, compare_exchange = 1 }
-- What is no call of its own: it goes when nothing needs it.
local SILENT = { frames = true, address_space = true, release_frames = true }
local MEETINGS = { barrier = true, region = true, warmup = true }

-- The whole of what was called. Each frame gets a number; calls refer to frames by address.
function flat.whole(told)
  local whole = { calls = told.calls, bodies = told.bodies, frames = {}, spaces = {}, by_id = {}, order = {} }
  local meetings = {}
  for _, call in ipairs(told.calls) do
    whole.by_id[call.id] = call
    whole.order[#whole.order + 1] = call.id
    call.cycles = math.max(0, call.finish - call.begin)
    call.silent = SILENT[call.method] and call.kind == "machine"
    if call.method == "frames" and call.result then
      whole.frames[#whole.frames + 1] = { pa = call.result, bytes = bytes_of(call.args[1]), id = call.id }
      call.frame = #whole.frames
    elseif call.method == "premap" and call.args[5] == 1 then
      call.args[5] = nil
    elseif call.method == "address_space" and call.result then
      whole.spaces[call.result.number] = call
    elseif MEETINGS[call.method] and call.kind == "machine" and call.list > 0 then
      -- the n-th meeting of one name is one in all programs
      local name = call.method == "barrier" and "barrier " .. tostring(call.args[1]) or "region"
      local key = call.list .. " " .. name
      meetings[key] = (meetings[key] or 0) + 1
      call.meeting, call.meeting_name = name .. " " .. meetings[key], name
    end
  end
  whole.bodies_of = {}             -- by the call during which they ran
  for id, body in ipairs(told.bodies) do
    body.number = id
    if body.handled == nil then body.handled = false end
    whole.bodies_of[body.call] = whole.bodies_of[body.call] or {}
    table.insert(whole.bodies_of[body.call], id)
  end
  return whole
end

-- The newest frame that an address lies in, of those that there are before the call.
local function frame_at(whole, pa, id)
  for number = #whole.frames, 1, -1 do
    local frame = whole.frames[number]
    if frame.id < id and pa >= frame.pa and pa < frame.pa + frame.bytes then return number end
  end
end

-- ---- States ----

local function copy(t)
  local new = {}
  for key, value in pairs(t) do new[key] = value end
  return new
end
flat.copy = copy

-- gone: calls by id; bodies by "b" .. id. waits: cycles by id. changed: calls by id, in place of those told.
-- inlined: bodies by number, whose calls stand before the access that faulted, and not in a handler.
-- tolerant: calls that raise are passed over, but for the strict ones.
-- settings: of each space, by its number. hoisted: frames are taken before the run; gc: what nothing needs is left out.
function flat.state(whole, told, seed)
  local state = { gone = {}, waits = {}, changed = {}, inlined = {}, strict = {}, machine = told.machine, settings = {}, cores = {} }
  for number, call in pairs(whole.spaces) do state.settings[number] = call.args[1] or {} end
  for id, call in pairs(whole.by_id) do
    if call.method == "wait" then state.waits[id] = call.args[1] end
  end
  if seed then
    state.machine = copy(state.machine)
    state.machine.seed = seed
  end
  return state
end

function flat.call(whole, state, id)
  return state.changed[id] or whole.by_id[id]
end

-- Calls that can be taken away, in order: those left, and fault handlers' bodies by "b" .. number.
function flat.left(whole, state)
  local units = {}
  for _, id in ipairs(whole.order) do
    local call = whole.by_id[id]
    if not state.gone[id] and not call.silent and not (call.inside and state.gone["b" .. call.inside]) then
      units[#units + 1] = id
    end
  end
  return units
end

function flat.left_bodies(whole, state)
  local units = {}
  for number in pairs(whole.bodies) do
    if not state.gone["b" .. number] and not state.inlined[number] then units[#units + 1] = "b" .. number end
  end
  table.sort(units, function(a, b) return tonumber(a:sub(2)) < tonumber(b:sub(2)) end)
  return units
end

-- ---- Printing ----

local RESERVED = {}
for word in ("and break do else elseif end false for function goto if in local nil not or repeat return then true until while")
  :gmatch("%a+") do RESERVED[word] = true end

-- Keys whose values are addresses.
local ADDRESSES = { va = true, base = true, ipa = true, offset = true, pc = true, pkru = true, seed = true }

local function number_text(value, hexadecimal)
  if math.type(value) == "float" then
    local short = string.format("%.14g", value)
    return tonumber(short) == value and short or string.format("%.17g", value)
  end
  if hexadecimal and (value >= 4096 or value < 0) then return string.format("0x%x", value) end
  return string.format("%d", value)
end

local function before(a, b)
  if type(a) == type(b) then return a < b end
  return type(a) == "number"
end

local Printer = {}
Printer.__index = Printer

-- A value as the script has it. `key`: its name in a table, or nil.
function Printer:value(value, key, hexadecimal)
  local kind = type(value)
  if kind == "number" then return number_text(value, hexadecimal or ADDRESSES[key]) end
  if kind == "string" then return (string.format("%q", value):gsub("\\\n", "\\n")) end
  if kind ~= "table" then return tostring(value) end
  if value.tag == "space" then return self:space(value.number) end
  if value.tag == "core" then return "core" end
  if value.tag == "stream" then return self:stream(value) end
  return self:table(value)
end

function Printer:table(value)
  local keys, parts = {}, {}
  for key in pairs(value) do keys[#keys + 1] = key end
  table.sort(keys, before)
  for place, key in ipairs(keys) do
    local text = self:value(value[key], key)
    if key == place then parts[#parts + 1] = text
    elseif type(key) == "string" and key:match("^[%a_][%w_]*$") and not RESERVED[key] then parts[#parts + 1] = key .. " = " .. text
    else parts[#parts + 1] = "[" .. self:value(key) .. "] = " .. text end
  end
  return #parts == 0 and "{}" or "{ " .. table.concat(parts, ", ") .. " }"
end

function Printer:path(path)
  return path:sub(1, 1) == "/" and path or (self.prefix or "") .. path
end

function Printer:stream(stream)
  local args = copy(stream.args or {})
  if stream.seed and stream.name ~= "trace" and args.seed == nil then args.seed = stream.seed end
  if stream.name == "trace" and args.path then args.path = self:path(args.path) end
  return "stream." .. stream.name .. " " .. self:table(args)
end

-- Names of spaces and frames: one alone has no number, and many are in a table.
local function name_of(names, base, number)
  local place = names.place[number]
  if not place then return base .. number end -- not printed: the script then fails, and is no candidate
  if names.count > 100 then return base .. "[" .. place .. "]" end
  return names.count == 1 and base or base .. place
end

function Printer:space(number) return name_of(self.spaces, "as", number) end
function Printer:frame(number) return name_of(self.frames, "frame", number) end

function Printer:physical(pa, id)
  local number = frame_at(self.whole, pa, self.state.hoisted and math.huge or id)
  if not number then return number_text(pa, true) end
  local offset = pa - self.whole.frames[number].pa
  return offset == 0 and self:frame(number) or self:frame(number) .. " + " .. number_text(offset, true)
end

function Printer:arguments(call, first)
  local parts, last = {}, 0
  for place in pairs(call.args) do last = math.max(last, place) end
  for place = first or 1, last do
    local value = call.args[place]
    if PHYSICAL[call.method] == place and math.type(value) == "integer" then parts[#parts + 1] = self:physical(value, call.id)
    else parts[#parts + 1] = self:value(value, nil, call.method ~= "wait") end
  end
  return parts
end

local function list_of(whole, number)
  whole.lists = whole.lists or {}
  if not whole.lists[number] then
    local list = {}
    for _, id in ipairs(whole.order) do
      local call = whole.by_id[id]
      if call.list == number and not call.inside then list[#list + 1] = id end
    end
    whole.lists[number] = list
  end
  return whole.lists[number]
end

local function body_list(whole, number)
  whole.body_lists = whole.body_lists or {}
  if not whole.body_lists[number] then
    local list = {}
    for _, id in ipairs(whole.order) do
      if whole.by_id[id].inside == number then list[#list + 1] = id end
    end
    whole.body_lists[number] = list
  end
  return whole.body_lists[number]
end

-- The calls of a list in their order, with those of inlined bodies.
local function sequence(whole, state, list, into)
  into = into or {}
  for _, id in ipairs(list) do
    for _, number in ipairs(whole.bodies_of[id] or {}) do
      if state.inlined[number] then sequence(whole, state, body_list(whole, number), into) end
    end
    into[#into + 1] = id
  end
  return into
end

-- Every list of a state that has an order of its own: those of programs and of bodies.
function flat.sequences(whole, state)
  local all = {}
  for core = 1, 64 do
    local list = list_of(whole, core)
    if #list > 0 then all[#all + 1] = sequence(whole, state, list) end
  end
  for number in ipairs(whole.bodies) do
    if not state.inlined[number] then all[#all + 1] = sequence(whole, state, body_list(whole, number)) end
  end
  return all
end

-- What is used by the calls that are left: spaces and frames, by number.
local function find_used(printer)
  local whole, state = printer.whole, printer.state
  local spaces, frames = {}, {}
  local function visit(value)
    if type(value) ~= "table" then return end
    if value.tag == "space" then
      if not spaces[value.number] then
        spaces[value.number] = true
        visit(state.settings[value.number])
      end
      return
    end
    for _, member in pairs(value) do visit(member) end
  end
  for _, id in ipairs(flat.left(whole, state)) do
    local call = flat.call(whole, state, id)
    if not state.waits[id] then
      visit(call.self)
      visit(call.args)
      local pa = PHYSICAL[call.method] and call.args[PHYSICAL[call.method]]
      local number = math.type(pa) == "integer" and frame_at(whole, pa, state.hoisted and math.huge or id)
      if number then frames[number] = true end
    end
  end
  return spaces, frames
end

local function number_names(count, used, all)
  local names = { place = {}, count = 0 }
  for number = 1, count do
    if all or used[number] then
      names.count = names.count + 1
      names.place[number] = names.count
    end
  end
  return names
end

function Printer:line(text, ...)
  self.lines[#self.lines + 1] = self.indent .. (select("#", ...) > 0 and string.format(text, ...) or text)
end

-- A name that is made in the main chunk is its local variable; one that a program makes was declared before.
function Printer:assign(name, in_main, text)
  self:line((in_main and not name:find("%[") and "local " or "") .. name .. " = " .. text)
end

function Printer:settings(number)
  local settings = copy(self.state.settings[number])
  if type(settings.table) == "string" and settings.table:find("/") then settings.table = self:path(settings.table) end
  return self:table(settings)
end

function Printer:plain_call(call)
  local arguments = self:arguments(call, call.kind == "space" and call.method ~= "premap" and 2 or 1)
  local object = "core"
  if call.kind == "machine" then object = "m"
  elseif call.kind == "space" then
    object = self:space(call.self.number)
    if call.method ~= "premap" then table.insert(arguments, 1, "core") end
  elseif self.main then object = "m.core[" .. self:core(call.self.number) .. "]" end
  if call.raised or (self.state.tolerant and not self.main and not self.state.strict[call.id]) then
    return string.format("pcall(%s.%s, %s%s%s)", object, call.method, object, #arguments > 0 and ", " or "", table.concat(arguments, ", "))
  end
  if #arguments == 1 and type(call.args[1]) == "table" and not call.args[1].tag and call.kind == "core" then
    return object .. ":" .. call.method .. " " .. arguments[1]
  end
  return object .. ":" .. call.method .. "(" .. table.concat(arguments, ", ") .. ")"
end

function Printer:core(number) return self.state.cores[number] or number end

-- What a fault handler did, by the page of the fault and in turn.
function Printer:handler(call)
  local object = self.main and "m.core[" .. self:core(call.self.number) .. "]" or "core"
  if not call.args[1] then return self:line(object .. ":on_fault(nil)") end
  local by_page, several, pages = {}, false, {}
  for _, unit in ipairs(flat.left_bodies(self.whole, self.state)) do
    local body = self.whole.bodies[tonumber(unit:sub(2))]
    if body.handler == call.args[1] and body.list == call.self.number then
      if not by_page[body.page] then pages[#pages + 1] = body.page end
      by_page[body.page] = by_page[body.page] or {}
      table.insert(by_page[body.page], body)
      several = several or #by_page[body.page] > 1
    end
  end
  local main = self.main
  self.main = false
  if several then self:line("local turn = {}                -- how often a page has faulted") end
  self:line(object .. ":on_fault(function(core, fault)")
  local indent = self.indent
  self.indent = indent .. "  "
  if several then
    self:line("local base = page(fault.va)")
    self:line("turn[base] = (turn[base] or 0) + 1")
  end
  for _, base in ipairs(pages) do
    for place, body in ipairs(by_page[base]) do
      local condition = (several and "base" or "page(fault.va)") .. " == " .. number_text(base, true)
      if #by_page[base] > 1 then condition = condition .. " and turn[base] == " .. place end
      self:line("if " .. condition .. " then")
      self.indent = indent .. "    "
      self:calls(body_list(self.whole, body.number))
      if body.handled then self:line("return true") end
      self.indent = indent .. "  "
      self:line("end")
    end
  end
  self.indent, self.main = indent, main
  self:line("end)")
end

function Printer:one(call)
  if call.method == "frames" then
    if self.frames.place[call.frame] and (self.main or not self.state.hoisted) then
      self:assign(self:frame(call.frame), self.main, "m:frames(" .. self:value(call.args[1]) .. ")")
    end
  elseif call.method == "address_space" then
    if call.result and self.spaces.place[call.result.number] then
      self:assign(self:space(call.result.number), self.main, "m:address_space " .. self:settings(call.result.number))
    end
  elseif call.method == "release_frames" then
    if not self.state.hoisted then self:line(self:plain_call(call)) end
  elseif call.method == "on_fault" then self:handler(call)
  else self:line(self:plain_call(call)) end
end

-- Waits next to each other are one.
function Printer:calls(list)
  local state, waiting = self.state, 0
  local function wait()
    if waiting > 0 then self:line("core:wait(%d)", waiting) end
    waiting = 0
  end
  for _, id in ipairs(sequence(self.whole, state, list)) do
    if not state.gone[id] then
      if state.waits[id] then
        waiting = waiting + state.waits[id]
      else
        local call = flat.call(self.whole, state, id)
        if not call.silent or not state.hoisted or call.method == "address_space" then
          wait()
          self:one(call)
        elseif self.main then
          self:one(call)
        end
      end
    end
  end
  wait()
end

function Printer:machine()
  local keys = {}
  for key in pairs(self.state.machine) do keys[#keys + 1] = key end
  table.sort(keys, before)
  if #keys == 0 then return self:line("local m = machine {}") end
  self:line("local m = machine {")
  for _, key in ipairs(keys) do self:line("  %s = %s,", key, (self:value(self.state.machine[key], key))) end
  self:line("}")
end

-- What programs assign is declared before; many of a kind are a table.
function Printer:declarations()
  local function declare(names, base, count, first_in_main)
    if names.count > 100 then return self:line("local %s = {}", base) end
    for number = 1, count do
      if names.place[number] and not first_in_main(number) then self:line("local %s", name_of(names, base, number)) end
    end
  end
  declare(self.spaces, "as", #self.whole.spaces, function(number) return self.whole.spaces[number].list == 0 end)
  declare(self.frames, "frame", #self.whole.frames, function(number)
    return self.state.hoisted or self.whole.by_id[self.whole.frames[number].id].list == 0
  end)
end

-- The script of a state; `heading`: lines of comment. `prefix`: what relative paths begin with.
function flat.print(whole, state, heading, prefix)
  local printer = setmetatable({ whole = whole, state = state, lines = {}, indent = "", prefix = prefix }, Printer)
  local used_spaces, used_frames = find_used(printer)
  printer.spaces = number_names(#whole.spaces, used_spaces, not state.gc)
  printer.frames = number_names(#whole.frames, used_frames, not state.gc)
  for _, line in ipairs(heading or {}) do printer:line("-- " .. line) end
  printer:machine()
  printer:declarations()
  printer.main = true
  printer:calls(list_of(whole, 0))
  if state.hoisted then
    for number, frame in ipairs(whole.frames) do
      local call = whole.by_id[frame.id]
      if call.list ~= 0 and printer.frames.place[number] then printer:one(call) end
    end
  end
  printer.main = false
  for number = 1, 64 do
    local list = list_of(whole, number)
    local from = #printer.lines
    printer:line("")
    printer:line("m.core[%d]:program(function(core)", printer:core(number))
    printer.indent = "  "
    local empty = #printer.lines
    printer:calls(list)
    printer.indent = ""
    printer:line("end)")
    if #printer.lines == empty + 1 then
      while #printer.lines > from do table.remove(printer.lines) end
    end
  end
  return table.concat(printer.lines, "\n") .. "\n"
end

-- Which space of the script is the one that the run called `number`: they are numbered in the order in which they are made.
function flat.space_number(whole, state, number)
  if not state.gc then return number end
  local printer = { whole = whole, state = state }
  local used = find_used(printer)
  return number_names(#whole.spaces, used, false).place[number]
end

return flat
