-- Which TLB entries each TLBI drops: a load of a cached translation takes 1 cycle, another more.
local m = machine { cores = 2, record = "all", memory = { size = "64M" } }
local as = m:address_space { asid = 5 }
local OWN, OTHER, GLOBAL = 0x400000, 0x401000, 0x402000
as:premap(OWN, m:frames("4K"), "4K", "rw-u")
as:premap(OTHER, m:frames("4K"), "4K", "rw-u")
as:premap(GLOBAL, m:frames("4K"), "4K", "rw-ug")

local function cached(core)
  local text = {}
  for _, va in ipairs { OWN, OTHER, GLOBAL } do
    local begin = core:now()
    core:load(va, { data = "none" })
    text[#text + 1] = core:now() - begin <= 2 and "kept" or "dropped"
  end
  return table.concat(text, " ")
end

local operations = {
  { "vae1", OWN, as }, { "vae1is", OWN, as }, { "vae1is", OWN, 6 }, { "vae1is", GLOBAL, 6 }, { "vale1", OTHER, 5 },
  { "vale1is", OTHER, 5 }, { "vaae1", OWN }, { "vaae1is", GLOBAL }, { "vaale1", OWN }, { "vaale1is", OWN },
  { "aside1", as }, { "aside1is", as }, { "aside1is", 6 }, { "vmalle1" }, { "vmalle1is" },
}

for number = 1, 2 do
  m.core[number]:program(function(core)
    core:switch(as)
    for i, operation in ipairs(operations) do
      cached(core)
      m:barrier("warm " .. i)
      if number == 1 then
        core:tlbi(table.unpack(operation))
        core:dsb("ish")
        core:isb()
      end
      m:barrier("done " .. i)
      if number == 2 then core:wait(5000) end                    -- core 1 prints first
      print(operation[1], type(operation[2]) == "number" and hex(operation[2]) or "", core, cached(core))
      m:barrier("printed " .. i)
    end
  end)
end
