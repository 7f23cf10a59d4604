-- Parts of the shipped traces, in both formats.
local m = machine { record = "all", memory = { size = "64M" } }
local as = m:address_space {}
local MTRACE = "../../../traces/samples/sqlite3-join.x86_64.mtrace.xz"
local LACKEY = "../../../traces/samples/gzip.x86_64.lackey.xz"
local pages = 0

m.core[1]:program(function(core)
  core:switch(as)
  core:on_fault(function(_, fault)
    pages = pages + 1
    return as:map(core, page(fault.va), m:frames("4K"), "4K", "rwxu")
  end)
  local function try(name, description)
    local before = pages
    print(name, core:run(description).accesses, pages - before)
  end
  try("the first 1000", stream.trace { path = MTRACE, records = 1000 })
  try("the next 1000", stream.trace { path = MTRACE, skip = 1000, records = 1000 })
  try("both again", stream.trace { path = MTRACE, records = 2000 })
  try("their data", stream.trace { path = MTRACE, records = 2000, fetches = false })
  try("elsewhere", stream.trace { path = MTRACE, records = 1000, offset = 0x10000000000 })
  try("all of the other", stream.trace { path = LACKEY })
end)
