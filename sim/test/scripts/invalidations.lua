-- What each invalidation of a table of keys drops: a load of a cached translation takes 1 cycle, another more.
local m = machine { cores = 2, record = "all", memory = { size = "64M" } }
local as = m:address_space { asid = 5 }
local BASE, GLOBAL = 0x400000, 0x403000
as:premap(BASE, m:frames("16K"), "4K", "rw-u", 3)
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

local list = {
  { "va, asid", { va = BASE, asid = as } },
  { "range", { va = BASE + 4096, size = "8K", asid = as } },
  { "range of all ASIDs", { va = BASE + 8192, size = "8K", broadcast = true } },
  { "range that begins in a page", { va = BASE + 100, size = 4096, asid = 5, broadcast = true, last_level = true } },
  { "another ASID", { va = BASE, size = "16K", asid = 6, broadcast = true } },
  { "another VMID", { va = BASE, size = "16K", vmid = 1, broadcast = true } },
  { "asid", { asid = 5, broadcast = true } },
  { "all", { scope = "all", broadcast = true } },
  { "all, here", {} },
  { "vmid", { scope = "vmid", broadcast = true } },
  { "ipa", { ipa = BASE, broadcast = true } },
}

for number = 1, 2 do
  m.core[number]:program(function(core)
    core:switch(as)
    for i, what in ipairs(list) do
      cached(core)
      m:barrier("warm " .. i)
      if number == 1 then
        core:tlbi(what[2])
        core:dsb("ish")
      end
      m:barrier("done " .. i)
      if number == 2 then core:wait(5000) end                    -- core 1 prints first
      print(what[1], core, cached(core))
      m:barrier("printed " .. i)
    end
    core:dmb("ish")
    core:dmb("ishst")
    core:dmb()
  end)
end
