-- core:ipi: a list of invalidations that other cores carry out in a handler.
local m = machine { cores = 3, record = "all", memory = { size = "64M" }, interrupt = { entry = 500, exit = 100 } }
local as = m:address_space { asid = 5 }
local BASE = 0x400000
as:premap(BASE, m:frames("16K"), "4K", "rw-u", 4)

local function cached(core)
  local text = ""
  for va = BASE, BASE + 0x3000, 4096 do
    local begin = core:now()
    core:load(va, { data = "none" })
    text = text .. (core:now() - begin <= 2 and "k" or "d")
  end
  return text
end

local lists = {
  { { va = BASE } },
  { { va = BASE, asid = as }, { va = BASE + 0x3000, asid = as } },
  { { va = BASE, size = "12K" }, { asid = 6 } },
  { {} },
}

for number = 1, 3 do
  m.core[number]:program(function(core)
    core:switch(as)
    for i, list in ipairs(lists) do
      cached(core)
      m:barrier("warm " .. i)
      if number == 1 then
        local begin = core:now()
        core:ipi { cores = { 2 }, invalidations = list, wait = i % 2 == 1 }
        print("list " .. i, core:now() - begin > 500 and "acknowledged" or "sent")
        core:dsb()
      end
      m:barrier("done " .. i)
      core:wait(5000 * number)                                   -- in the order of the cores
      print("list " .. i, core, cached(core))
      m:barrier("printed " .. i)
    end
  end)
end
