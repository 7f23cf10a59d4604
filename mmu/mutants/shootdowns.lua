-- Cores 1 and 2 unmap, protect and map pages again, each in a space of its own, at the same time; all cores load from and store to
-- the pages of both, with stores that stay in their buffers for long. arg: the scheme of invalidations, and whom software
-- interrupts.
local m = machine {
  cores = 4, record = "all", memory = { size = "64M", latency = 60 }, network = { latency = 10 },
  store_buffer = { depth = 8, drain = 300 }, interrupt = { entry = 40, exit = 10 },
  invalidation = { scheme = arg[1] }, shootdown = { targets = arg[2] or "all", batch = 4 },
}
local BASE, PAGES = 0x40000000, 6
local spaces = { m:address_space {}, m:address_space {} }
for _, as in ipairs(spaces) do
  as:premap(BASE, m:frames("64K"), "4K", "rw-u", PAGES)
  as:premap(BASE + 0x10000, m:frames("64K"), "64K", "rw-u")
end

local function use(core, number, as)
  core:switch(as)
  for page = 0, PAGES - 1 do
    core:store(BASE + page * 4096 + 8 * number, 100 * number + page)
    core:load(BASE + page * 4096 + 8 * number)
  end
  core:load(BASE + 0x10000 + 4096 * number)
end

local function change(core, number, as)
  for page = 0, PAGES - 1 do
    if page % 2 == 0 then
      as:unmap(core, BASE + page * 4096)
      as:map(core, BASE + page * 4096, m:frames("4K"), "4K", "rw-u")
    else
      as:protect(core, BASE + page * 4096, "r--u")
    end
  end
  as:unmap(core, BASE + 0x10000)
end

for number = 1, 4 do
  m.core[number]:program(function(core)
    for _, as in ipairs(spaces) do use(core, number, as) end
    m:barrier("used")
    if number <= 2 then
      core:switch(spaces[number])
      change(core, number, spaces[number])
    else
      for round = 1, 12 do
        use(core, number, spaces[1 + (round + number) % 2])
        core:wait(20 * number + 7 * round)
      end
    end
    m:barrier("changed")
    for _, as in ipairs(spaces) do use(core, number, as) end
  end)
end
