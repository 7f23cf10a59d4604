-- After a handled fault an access is tried once more; of a page-crossing access each half once.
local m = machine { record = "all", memory = { size = "64M" } }
local as = m:address_space {}
local calls = 0

m.core[1]:program(function(core)
  core:switch(as)
  core:on_fault(function() calls = calls + 1 return true end)
  print("cures nothing", core:load(0x400000))
  print("calls", calls)
  core:on_fault(function() calls = calls + 1 return false end)
  print("declines", core:load(0x400000))
  print("calls", calls)
  core:on_fault(function(_, fault)
    print("handles", fault.kind, fault.level, hex(fault.va), fault.access, fault.privilege, hex(fault.pc))
    return as:map(core, page(fault.va), m:frames("4K"), "4K", "rw-u")
  end)
  print("crossing store", core:store(0x400ffa, 0x1122334455667788, { pc = 0x1234 }))
  print("crossing load", hex(core:load(0x400ffa)))
  local result = core:run(stream.sequential { base = 0x500ffc, size = 8, n = 3 })
  print("crossing stream", result.accesses)
  core:on_fault(nil)
  print("no handler", core:load(0x900000))
  print("caught", select(2, pcall(function() core:run(stream.uniform { base = 0x900000, size = 4096, n = 5 }) end)))
end)
