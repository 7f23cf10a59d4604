-- Core 2 has used pages of two spaces and waits, with walks, evictions and refills that nobody asked for if arg[#arg] is
-- "adversary"; core 1 unmaps, protects and maps pages of both meanwhile. Then core 2 uses all of them again. TLBs are large: without
-- the adversary each entry stays until it is invalidated, and no walk is under way when something changes. arg[1] "tables": with
-- caches of tables; arg[2]: the seed. With data caches a walk's fetch from memory takes longer than software's store to a line that its core has.
local m = machine {
  seed = math.tointeger(arg[2]),
  cores = 2, record = "all", memory = { size = "64M", latency = 300 }, cache = { line = 64, l1 = { size = "4K" } }, network = { latency = 5 },
  tlb = { l1d = { entries = 64, ways = 64 } }, store_buffer = { depth = 8, drain = 1 }, walker = { slots = 4 }, walk_cache = arg[1] == "tables" and { tables = { entries = 32, ways = 8 } } or nil,
  adversary = arg[#arg] == "adversary" and { period = 40, reach = 2 } or nil,
}
local spaces = { m:address_space {}, m:address_space {} }
local BASE, STEP, PAGES = 0x40000000, 0x200000, 6
local function va(page) return BASE + page // 2 * STEP + page % 2 * 4096 end
for _, as in ipairs(spaces) do
  for page = 0, PAGES - 1 do as:premap(va(page), m:frames("4K"), "4K", "rw-u") end
end

local function use(core, as)
  core:switch(as)
  for page = 0, PAGES - 1 do
    core:load(va(page) + 8 * core.number)
    core:load(va(page) + 8 * core.number)
  end
end

m.core[1]:program(function(core)
  core:switch(spaces[1])
  core:wait(10000)
  for round = 1, 6 do
    local as = spaces[1 + round % 2]
    for page = 0, PAGES - 1 do
      if page % 2 == 0 then
        as:unmap(core, va(page))
        if page % 4 == 0 then as:unmap(core, va(page + 1)) end
        as:map(core, va(page), m:frames("4K"), "4K", "rw-u")
        if page % 4 == 0 then as:map(core, va(page + 1), m:frames("4K"), "4K", "rw-u") end
      else
        as:protect(core, va(page), round % 2 == 0 and "rw-u" or "r--u")
      end
    end
  end
  m:barrier("changed")
end)

m.core[2]:program(function(core)
  for _, as in ipairs(spaces) do use(core, as) end
  for _ = 1, 2000 do core:wait(60) end
  m:barrier("changed")
  for _, as in ipairs(spaces) do use(core, as) end
end)
