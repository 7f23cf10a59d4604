-- Too deep a nest of calls is an error that the script can catch, whatever C code stands between them.
local m = machine { record = "all", memory = { size = "64M" } }
local as = m:address_space {}
m.core[1]:program(function(core)
  core:switch(as)
  local function replace() return (string.gsub("x", "x", replace)) end
  local function compare() table.sort({ 3, 1, 2 }, compare) end
  local text = setmetatable({}, { __tostring = function(t) return string.format("%s", t) end })
  core:on_fault(function() core:load(0x400000) end)
  local cases = { { "replace", replace }, { "compare", compare }, { "format", tostring, text },
    { "fault", core.load, core, 0x400000 } }
  for _, case in ipairs(cases) do
    local ok, message = pcall(table.unpack(case, 2))
    print(case[1], ok, message:match("C stack overflow"))
  end
end)
