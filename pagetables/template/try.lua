-- Core 1 maps eight pages, protects some and unmaps all, while core 2 uses them. It prints "tried" if every assertion held;
-- `mmusim check try.db` then judges all that was recorded.
--
--   mmusim run --force -o try.db try.lua [TABLE [FORMAT]]       a format of stage 1 with pages of 4 KiB, such as sv39
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
  m:barrier("mapped")                              -- core 2 has waited for this
  core:wait(2000)                                  -- it loads now, and goes on while pages change
  for page = 0, pages - 1, 2 do
    assert(as:protect(core, base + page * 0x1000, "r--u"))
    assert(as:unmap(core, base + (page + 1) * 0x1000))
  end
  m:barrier("changed")
  core:wait(2000)
  for page = 0, pages - 1, 2 do assert(as:unmap(core, base + page * 0x1000)) end
  m:barrier("unmapped")
  assert(#as:interpret() == 0)                     -- hardware finds no mapping in memory
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
  local _, fault = core:store(base, 1)             -- read-only by now, or unmapped
  assert(fault and (fault.kind == "permission" or fault.kind == "translation"))
  m:barrier("unmapped")
  assert(all_faulted(core))
  print("tried")
end)
