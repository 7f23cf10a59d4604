-- Two cores use pages of the table in ./libmytable.so, or of that in the first argument, while it changes them.
-- Nothing but what the checks at its end expect is printed; `mmusim check` judges the record.
local m = machine { cores = 2, record = "all", memory = { size = "256M" } }
local as = m:address_space { table = arg[1] or "./libmytable.so", format = arg[2] }
local base, pages = 0x400000, 8

local function all_faulted(core)
  for page = 0, pages - 1 do
    if core:load(base + page * 0x1000) then return false end
  end
  return true
end

m.core[1]:program(function(core)
  core:switch(as)
  for page = 0, pages - 1 do
    assert(as:map(core, base + page * 0x1000, m:frames("4K"), "4K", "rw-u"))
    core:store(base + page * 0x1000, page)
  end
  core:dsb()
  m:barrier("mapped")
  core:wait(2000)                                  -- meanwhile core 2 loads
  for page = 0, pages - 1, 2 do
    assert(as:protect(core, base + page * 0x1000, "r--u"))
    assert(as:unmap(core, base + (page + 1) * 0x1000))
  end
  m:barrier("changed")
  core:wait(2000)
  for page = 0, pages - 1, 2 do assert(as:unmap(core, base + page * 0x1000)) end
  m:barrier("unmapped")
  assert(#as:interpret() == 0)
  assert(select(2, as:unmap(core, base)) == "not-mapped")
end)

m.core[2]:program(function(core)
  core:switch(as)
  m:barrier("mapped")
  for page = 0, pages - 1 do
    local value = core:load(base + page * 0x1000)
    assert(value == page or value == nil)          -- it may be unmapped by now
  end
  m:barrier("changed")
  local _, fault = core:store(base, 1)
  assert(fault and (fault.kind == "permission" or fault.kind == "translation"))
  m:barrier("unmapped")
  assert(all_faulted(core))
  print("tried")
end)
