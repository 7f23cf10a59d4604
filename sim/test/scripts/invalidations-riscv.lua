-- SFENCE.VMA: with an address, with an ASID, with both, with neither. It comes after the stores before it, and ends when done.
local m = machine { record = "all", memory = { size = "64M" }, ordering = "riscv" }
local as = m:address_space { asid = 5 }
local BASE, GLOBAL = 0x400000, 0x402000
as:premap(BASE, m:frames("8K"), "4K", "rw-u", 2)
as:premap(GLOBAL, m:frames("4K"), "4K", "rw-ug")

local function cached(core)
  local text = ""
  for va = BASE, GLOBAL, 4096 do
    local begin = core:now()
    core:load(va, { data = "none" })
    text = text .. (core:now() - begin <= 2 and "k" or "d")
  end
  return text
end

m.core[1]:program(function(core)
  core:switch(as)
  for _, what in ipairs { { va = BASE, asid = as }, { va = GLOBAL }, { asid = 5 }, { asid = 6 }, {} } do
    cached(core)
    core:sfence_vma(what)
    print(what.va and hex(what.va) or "", what.asid and (what.asid == as and 5 or what.asid) or "", cached(core))
  end
  local begin = core:now()
  core:store(BASE, 1)
  core:sfence_vma()
  print("after the store", core:now() - begin > 100)
  core:fence()
end)
