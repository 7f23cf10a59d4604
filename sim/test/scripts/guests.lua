-- Two virtual machines, each with two address spaces of a guest: one virtual address, four pages.
local m = machine { memory = { size = "64M" }, record = "all" }
local TABLES, MEMORY, VA = 0x40000000, 0x80000000, 0x400000
local spaces = {}
for vmid = 1, 2 do
  local vm = m:address_space { format = "vmsa-s2-4k-48", vmid = vmid }
  vm:premap(TABLES, m:frames("256K"), "4K", "rw-", 64)
  vm:premap(MEMORY, m:frames("2M"), "2M", "rw-")
  for asid = 1, 2 do
    local base = TABLES + (asid - 1) * 0x20000
    local as = m:address_space { asid = asid, stage2 = vm, tables = { base = base, size = "128K" } }
    as:premap(VA, MEMORY + asid * 0x1000, "4K", "rw-u")
    as:premap(VA + 0x1000, MEMORY, "4K", "rw-ug")
    spaces[#spaces + 1] = as
    print("asid " .. as.asid .. ", vmid " .. as.vmid .. ", root at the intermediate address " .. hex(as.root))
  end
end

m.core[1]:program(function(core)
  for number, as in ipairs(spaces) do
    core:switch(as)
    core:store(VA, 100 + number)
    core:store(VA + 0x1000, 200 + as.vmid)        -- what both spaces of a machine share
  end
  for _, as in ipairs(spaces) do
    core:switch(as)
    print(as.vmid, as.asid, core:load(VA), core:load(VA + 0x1000))
  end
  -- a guest takes a page away from itself: its neighbours keep theirs, in their TLB entries, too
  core:switch(spaces[1])
  spaces[1]:unmap(core, VA)
  print(core:load(VA))
  for _, number in ipairs { 2, 3 } do
    core:switch(spaces[number])
    local begin = core:now()
    core:load(VA, { data = "none" })
    print("space " .. number .. ": " .. core:now() - begin .. " cycles")
  end
  local as = spaces[3]
  local found = as:query(core, VA + 8)
  print("the guest's own view: " .. hex(found.va) .. " -> " .. hex(found.pa), found.attributes)
  for _, mapping in ipairs(as:interpret()) do print(hex(mapping.va), hex(mapping.pa), mapping.attributes) end
end)
