-- Writes down each call that a script makes of its machine, cores and address spaces, with its arguments as they were and the
-- cycles that it took. Loaded after the sandbox and before the script, by runs that are asked to (run_options.watch). Lua takes
-- no simulated time: so the run stays what it is, and the calls alone, made again, give the same run.
--
-- Each line is a Lua statement about what was told: machine{...}, program(core), call{...}, body{...}, body_end{...}.
-- The lists that calls belong to are those of the main chunk (0) and of each core's program; calls of a fault handler
-- belong to one of its bodies, too.
local methods, emit, stream_seed = ...
local type, tostring, pcall, error, select, pairs, page = type, tostring, pcall, error, select, pairs, page
local format, concat, math_type, pack, unpack = string.format, table.concat, math.type, table.pack, table.unpack

local current = 0                -- whose call it is that is made now: a core's number, or 0
local inside = {}                -- by core: the body of its fault handler that runs
local open = {}                  -- by core: the innermost call under way
local running = {}               -- by core: the object that its program was given
local calls, bodies, handlers, made = 0, 0, 0, 0
local spaces, streams, runs = {}, {}, {}

local function quote(value)
  local kind = type(value)
  if kind == "nil" or kind == "boolean" then return tostring(value) end
  if kind == "string" then return format("%q", value) end
  if kind == "number" then return math_type(value) == "integer" and format("%d", value) or format("%.17g", value) end
  if kind == "table" then
    local parts = {}
    for key, member in pairs(value) do parts[#parts + 1] = "[" .. quote(key) .. "]=" .. quote(member) end
    return "{" .. concat(parts, ",") .. "}"
  end
  if spaces[value] then return "S(" .. spaces[value] .. ")" end
  if streams[value] then return streams[value] end
  local core = kind == "userdata" and tostring(value):match("^core (%d+)$")
  return core and "C(" .. core .. ")" or "nil"
end

local function now()
  return running[current] and methods.core_now(running[current]) or 0
end

-- A stream without a seed gets that of its place among the core's streams: it is written down.
local function seeded(text, core)
  runs[core] = (runs[core] or 0) + 1
  return (text:gsub("^T{(.*)}$", function(inner)
    return "T{" .. inner .. ",seed=" .. format("%d", stream_seed(core, runs[core])) .. "}"
  end))
end

local function write(call, finish, raised, result)
  emit(format("call{id=%d,list=%d,inside=%s,kind=%q,method=%q,self=%s,args={%s},begin=%d,finish=%d,raised=%s,result=%s}\n",
              call.id, call.list, tostring(call.inside), call.kind, call.method, call.self, call.args, call.begin, finish,
              tostring(raised), result))
end

local function begin(kind, method, self, ...)
  calls = calls + 1
  local args = {}
  for i = 1, select("#", ...) do args[i] = quote((select(i, ...))) end
  if method == "run" and current > 0 and args[1] and args[1]:find("^T{") then args[1] = seeded(args[1], current) end
  local outer = open[current]
  open[current] = calls
  return { id = calls, outer = outer, list = current, inside = inside[current], kind = kind, method = method, self = quote(self),
           args = concat(args, ","), begin = now() }
end

local function finish(call, ok, ...)
  current = call.list
  open[current] = call.outer
  local result = ...
  if ok and call.method == "address_space" then
    made = made + 1
    spaces[result] = made
  end
  write(call, now(), not ok, ok and (call.method == "address_space" or call.method == "frames") and quote(result) or "nil")
  if not ok then error(result, 0) end
  return ...
end

local function watch(kind, set, left_out)
  for name, original in pairs(set) do
    if not left_out[name] then
      set[name] = function(self, ...)
        return finish(begin(kind, name, self, ...), pcall(original, self, ...))
      end
    end
  end
end

methods.core_now = methods.core.now
watch("core", methods.core, { program = true, on_fault = true, now = true, random = true })
watch("space", methods.space, { interpret = true })
watch("machine", methods.machine, {})

local give_program = methods.core.program
function methods.core.program(core, f)
  if type(f) ~= "function" then return give_program(core, f) end
  local number = core.number
  emit(format("program(%d)\n", number))
  return give_program(core, function(own)
    current, running[number] = number, own
    return f(own)
  end)
end

-- One call of a handler: what it does is a body of its own.
local function watched_handler(handler, f)
  return function(core, fault)
    current = core.number
    bodies = bodies + 1
    local body, before, number = bodies, inside[current], current
    emit(format("body{id=%d,list=%d,handler=%d,page=%d,call=%d}\n", body, current, handler, page(fault.va), open[current]))
    inside[number] = body
    local handled = f(core, fault)
    inside[number] = before
    emit(format("body_end{id=%d,handled=%s}\n", body, tostring(not not handled)))
    return handled
  end
end

local set_handler = methods.core.on_fault
function methods.core.on_fault(core, f)
  if type(f) ~= "function" then return finish(begin("core", "on_fault", core), pcall(set_handler, core, f)) end
  handlers = handlers + 1
  return finish(begin("core", "on_fault", core, handlers), pcall(set_handler, core, watched_handler(handlers, f)))
end

local make = machine
function machine(description)
  if type(description) == "table" then emit("machine" .. quote(description) .. "\n") end
  return make(description)
end

for name, original in pairs(stream) do
  stream[name] = function(description)
    local made_stream = original(description)
    streams[made_stream] = format("T{name=%q,args=%s}", name, quote(description))
    return made_stream
  end
end
