-- Two address spaces and two virtual machines whose pages have the same addresses and different frames; pages of three sizes and
-- global ones, some 2^38 bytes apart. Both cores use all of them, by walks and by hits of both levels, while core 1 unmaps,
-- protects and maps them again.
local m = machine {
  cores = 2, record = "all", memory = { size = "256M", latency = 20 }, network = { latency = 10 },
  tlb = { l1i = { entries = 16, ways = 4 }, l1d = { entries = 32, ways = 4 }, l2 = { entries = 128, ways = 8, latency = 3 } },
}
local FAR = 1 << 38
local PAGES = {
  { 0x40000000, "4K" }, { 0x40001000, "4K" }, { 0x40002000, "4K" }, { 0x40008000, "4K" }, { 0x40010000, "64K" },
  { 0x40200000, "2M" }, { 0x40000000 + FAR, "4K" }, { 0x40001000 + FAR, "4K" }, { 0x40200000 + FAR, "2M" },
}
local GLOBAL = 0x50000000
local first, second = m:address_space { asid = 1 }, m:address_space { asid = 2 }
local one, other = m:address_space { format = "vmsa-s2-4k-39" }, m:address_space { format = "vmsa-s2-4k-39" }
local hypervisor = m:address_space { format = "vmsa-el2-4k-48" }
local spaces = { first, second, one, other }
for _, space in ipairs(spaces) do
  for _, page in ipairs(PAGES) do
    space:premap(page[1], m:frames(page[2]), page[2], space == first and "rwxu" or space == second and "rw-u" or "rw-")
  end
end
first:premap(GLOBAL, m:frames("4K"), "4K", "rw-ug")
hypervisor:premap(GLOBAL, m:frames("4K"), "4K", "rw-g")

local function use(core, number)
  for _, space in ipairs(spaces) do
    core:switch(space)
    for round = 1, 2 do
      for place, page in ipairs(PAGES) do
        core:load(page[1] + 8 * number)
        core:store(page[1] + 8 * number, 100 * place + number)
        if page[2] ~= "4K" then core:load(page[1] + 0x9000) end
        if round == 2 and space == first then core:fetch(page[1]) end
      end
    end
  end
  for _, space in ipairs { first, second } do
    core:switch(space)
    core:load(GLOBAL)
  end
  core:switch(hypervisor)
  core:privilege("kernel")
  core:load(GLOBAL)
  core:privilege("user")
end

local steps = {
  function(core)
    first:protect(core, PAGES[1][1], "r--u")
    first:unmap(core, PAGES[2][1])
    one:unmap(core, PAGES[3][1])
  end,
  function(core)
    first:unmap(core, PAGES[6][1])
    first:map(core, PAGES[6][1] + 0x9000, m:frames("4K"), "4K", "rw-u")
    second:protect(core, PAGES[4][1], "r--u")
    second:unmap(core, PAGES[5][1])
    other:unmap(core, PAGES[9][1])
  end,
  function(core)
    first:unmap(core, GLOBAL)
    for place = 7, 9 do second:unmap(core, PAGES[place][1]) end
    first:map(core, PAGES[2][1], m:frames("4K"), "4K", "rw-u")
  end,
}

m.core[1]:program(function(core)
  use(core, 1)
  for _, step in ipairs(steps) do
    m:barrier("used")
    step(core)
    m:barrier("changed")
    use(core, 1)
  end
end)

m.core[2]:program(function(core)
  use(core, 2)
  for _ = 1, #steps do
    m:barrier("used")
    m:barrier("changed")
    use(core, 2)
  end
end)
