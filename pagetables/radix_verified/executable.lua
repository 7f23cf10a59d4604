-- What was mapped is not what hardware does: the entry says neither that nobody may execute nor that users may not.
--
-- The entry has no bit for it: XN is clear, so a page that was mapped for reading is executed. `query` decodes the
-- same entry as user-accessible and never executable, whatever was asked for. The proof has no state that both could
-- differ from.
--
--   mmusim run executable.lua [TABLE]

local TABLE = arg[1] or "./radix-verified.so"
local m = machine { memory = { size = "64M" }, record = "all" }
local vm = m:address_space { table = TABLE, format = "vmsa-s2-4k-39", vmid = 1 }
local PAGE, frame = 0x40000000, m:frames("4K")

m.core[1]:program(function(core)
  core:switch(vm)
  vm:map(core, PAGE, frame, "4K", "r--")
  core:wait(1000)
  local found = vm:query(core, PAGE)
  local _, fault = core:fetch(PAGE)
  print(("mapped r--, query says %s, a fetch in cycle %d: %s"):format(
    found.attributes, core:now(), fault and tostring(fault) or "executed"))
end)
