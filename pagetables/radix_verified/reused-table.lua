-- A table is released before the entry that points to it is cleared: another virtual machine's table is built in
-- it, and is walked by the first one.
--
-- Virtual machine 1 has one page, in a last-level table of its own. Core 1 unmaps it: `prune` finds the table empty,
-- releases it, and only then clears the entry above; nothing is invalidated until all of that is done. Core 2 asks
-- all the while for a page that virtual machine 1 never had. Core 3 maps a page for virtual machine 2, whose table
-- gets the block that was just released. From then on core 2 reads virtual machine 2's memory.
--
--   mmusim run reused-table.lua [TABLE]
--
-- TABLE is the plug-in, `radix-verified.so` beside this script if nothing is said, or `radix`, which has the
-- corrected order: clear, invalidate, wait, release.

local TABLE = arg[1] or "./radix-verified.so"
local m = machine {
  cores = 3, record = "all", memory = { size = "64M" },
  walk_cache = { tables = { entries = 16 } },
}
local vm1 = m:address_space { table = TABLE, format = "vmsa-s2-4k-48", vmid = 1 }
local vm2 = m:address_space { table = TABLE, format = "vmsa-s2-4k-48", vmid = 2 }

local OWN, NEVER = 0x40000000, 0x40001000 -- neighbours: the same last-level table
local secret = m:frames("4K")
vm1:premap(OWN, m:frames("4K"), "4K", "rwx")
vm2:premap(0x40200000, m:frames("4K"), "4K", "rwx") -- so that a page at NEVER needs one more table, the last-level one

m.core[1]:program(function(core)
  core:switch(vm1)
  core:wait(1000)
  local begin = core:now()
  vm1:unmap(core, OWN)
  print("core 1: unmapped from cycle " .. begin .. " to " .. core:now())
end)

m.core[2]:program(function(core)
  core:switch(vm1)
  for _ = 1, 4000 do
    local value, fault = core:load(NEVER)
    if value and value ~= 0 then
      print(("core 2: virtual machine 1 reads 0x%x at 0x%x in cycle %d"):format(value, NEVER, core:now()))
      return
    end
  end
  print("core 2: only faults, until cycle " .. core:now())
end)

m.core[3]:program(function(core)
  core:switch(vm2)
  core:wait(70000)
  vm2:map(core, NEVER, secret, "4K", "rwx")
  core:store(NEVER, 0x5ec2e7)
  print("core 3: virtual machine 2 has its page in cycle " .. core:now())
end)
