-- RISC-V: who sets the accessed and dirty bits, and what the first store to each page costs.
--
-- Without Svadu an access to a page whose A bit is clear, or a store where D is clear, is a page fault (Privileged
-- architecture, 4.3.1), and software sets the bit: a trap, a store to the table, an SFENCE.VMA. With Svadu the walker
-- does it, by an atomic update of the entry. Software that needs neither bit maps pages with both set: the third row.
-- The kernel of the third part copies from a user's page: SUM lets it, and only for as long (4.1.1.3); MXR lets it read
-- what a user can only execute.
--
--   mmusim run -f -o svadu.db scripts/svadu.lua
--   mmusim query svadu.db "SELECT * FROM fault_log LIMIT 4"
--   mmusim query svadu.db "SELECT * FROM entry_write_log WHERE walk IS NOT NULL LIMIT 4"
--   mmusim query svadu.db "SELECT * FROM context_log"

local PAGES, BASE, CODE = 64, 0x40000000, 0x50000000
local m = machine { preset = "sifive-u74", cores = 1, memory = { size = "1G" } }  -- its spaces are sv39

local function space(name, hardware, attributes)
  local as = m:address_space { hardware = hardware, controls = { sum = false } }
  as:premap(BASE, m:frames("256K"), "4K", attributes, PAGES)
  as:premap(CODE, m:frames("4K"), "4K", "--xu")
  return { name = name, as = as }
end

local spaces = {
  space("A and D by software", "none", "rw-uco"),
  space("A and D by Svadu", "dirty", "rw-uco"),
  space("A and D set from the start", "none", "rw-u"),
}

m.core[1]:program(function(core)
  for _, each in ipairs(spaces) do
    local as, faults = each.as, 0
    core:switch(as)
    core:on_fault(function(_, fault)
      if fault.code ~= 13 and fault.code ~= 15 then return false end              -- load and store page faults
      faults = faults + 1
      return as:protect(core, page(fault.va), "rw-u")                             -- sets both, and fences
    end)
    local begin = core:now()
    for i = 0, PAGES - 1 do core:store(BASE + 4096 * i, 1) end
    print(string.format("%-27s %6.1f cycles a first store, %2d faults", each.name, (core:now() - begin) / PAGES, faults))
    core:on_fault(nil)
  end

  local kernel = { privilege = "kernel" }
  local function try(what, va)
    local value, fault = core:load(va, kernel)
    print(what, fault and fault.text .. ", cause " .. fault.code or value)
  end
  core:store(BASE, 42)
  try("kernel, SUM = 0", BASE)
  core:control { sum = true }
  try("kernel, SUM = 1", BASE)
  try("kernel, SUM = 1, MXR = 0", CODE)
  core:control { mxr = true }
  try("kernel, SUM = 1, MXR = 1", CODE)
end)
