-- A space with pages of three sizes goes out of use, and another one has its ASID and its addresses.
local m = machine { cores = 2, record = "all", memory = { size = "64M", latency = 20 } }
local PAGES = { { 0x40000000, "4K" }, { 0x40010000, "64K" }, { 0x40200000, "2M" } }
local as, idle = m:address_space { asid = 3 }, m:address_space { asid = 4 }
for _, page in ipairs(PAGES) do as:premap(page[1], m:frames(page[2]), page[2], "rw-u") end
local heir = m:address_space { asid = 3 }
for _, page in ipairs(PAGES) do heir:premap(page[1], m:frames(page[2]), page[2], "rw-u") end

for number = 1, 2 do
  m.core[number]:program(function(core)
    core:switch(as)
    for _, page in ipairs(PAGES) do core:load(page[1]) end
    core:switch(idle)
    m:barrier("idle")
    if number == 1 then as:retire(core) end
    m:barrier("retired")
    core:switch(heir)
    for _, page in ipairs(PAGES) do core:load(page[1]) end
  end)
end
