-- Faults of a guest by stage: what they say, and who handles them.
local m = machine { memory = { size = "64M" }, record = "all" }
local TABLES, MEMORY, VA = 0x40000000, 0x80000000, 0x400000
local vm = m:address_space { format = "vmsa-s2-4k-48", vmid = 5 }
vm:premap(TABLES, m:frames("64K"), "4K", "rw-", 16)
vm:premap(MEMORY, m:frames("4K"), "4K", "r--")
local as = m:address_space { stage2 = vm, tables = { base = TABLES, size = "64K" } }
as:premap(VA, MEMORY, "4K", "rw-u", 3)

local function tell(value, fault)
  if not fault then print(value) return end
  print(fault)
  print("  " .. fault.kind, fault.level, fault.stage, fault.ipa and hex(fault.ipa), fault.on_table, hex(fault.va), fault.access)
end

m.core[1]:program(function(core)
  core:switch(as)
  tell(core:load(VA))
  tell(core:store(VA, 1))                          -- stage 2 denies: a permission fault has no intermediate address
  tell(core:load(VA + 0x1008))                     -- stage 2 has no such page
  tell(core:load(VA + 0x5000))                     -- stage 1 has none
  tell(core:fetch(VA))                             -- both deny; stage 1 comes first

  -- one access, two faults: the guest's, then the hypervisor's
  core:on_fault(function(core, fault)
    print("handler: " .. tostring(fault))
    if fault.stage == 1 then
      return as:map(core, page(fault.va), MEMORY + 0x8000, "4K", "rw-u")
    end
    return vm:map(core, page(fault.ipa), m:frames("4K"), "4K", "rw-")
  end)
  tell(core:store(VA + 0x5000, 7))
  tell(core:load(VA + 0x5000))

  -- the same in a stream
  core:on_fault(function(core, fault)
    print("handler: " .. tostring(fault))
    if fault.stage == 1 then
      return as:map(core, page(fault.va), MEMORY + 0x9000, "4K", "rw-u")
    end
    return vm:map(core, page(fault.ipa), m:frames("4K"), "4K", "rw-")
  end)
  print(core:run(stream.sequential { base = VA + 0x6000, size = "4K", n = 64 }).accesses)

  -- a page of the guest's own tables is gone
  local root = page(as.root)
  local frame = vm:query(core, root).pa
  vm:unmap(core, root)
  core:on_fault(nil)
  tell(core:load(VA))
  core:on_fault(function(core, fault)
    print("handler: " .. tostring(fault))
    return vm:map(core, page(fault.ipa), frame, "4K", "rw-")
  end)
  tell(core:load(VA))
end)
