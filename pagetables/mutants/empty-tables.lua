-- Pages that are alone in their tables come and go: each takes tables with it. A core with a walk cache uses them.
-- arg[1]: the table; arg[2], if given, is for machines whose hardware also walks for nobody.
local quiet = arg[#arg] ~= "adversary"
local m = machine {
  cores = 2, record = "all", memory = { size = "16M" }, walk_cache = { pde = { entries = 16 } },
  adversary = not quiet and { period = 20 } or nil,
}
local as = m:address_space { table = arg[1] }
local other = m:address_space { table = arg[1] }
local PAGE = 0x40000000
as:premap(PAGE - 0x200000, m:frames("4K"), "4K", "rw-u")
other:premap(PAGE - 0x200000, m:frames("4K"), "4K", "rw-u")

m.core[1]:program(function(core)
  core:switch(other)
  for i = 0, 3 do
    local page = PAGE + i * 0x200000
    local frame = m:frames("4K")
    as:map(core, page, frame, "4K", "rw-u")
    m:barrier("mapped")
    m:barrier("used")
    as:unmap(core, page)
    other:map(core, page + 0x3000, frame, "4K", "rw-u")       -- in the table that became free
    m:barrier("unmapped")
    m:barrier("tried")
  end
end)

m.core[2]:program(function(core)
  core:switch(as)
  for i = 0, 3 do
    local page = PAGE + i * 0x200000
    m:barrier("mapped")
    core:load(page)
    m:barrier("used")
    m:barrier("unmapped")
    for offset = 0, 0x4000, 0x1000 do core:load(page + offset) end
    m:barrier("tried")
  end
end)
