-- Tables come and go: on core 1 pages far apart are mapped and unmapped, so that tables are freed and used again; both cores load
-- from them, with caches of tables. Two spaces have the same addresses.
local m = machine {
  cores = 2, record = "all", memory = { size = "64M", latency = 20 },
  walk_cache = { tables = { entries = 16, ways = 4 } }, tlb = { l1d = { entries = 4, ways = 2 }, l2 = { entries = 8, ways = 2 } },
}
local spaces = { m:address_space {}, m:address_space {} }
local BASE, STEP, PLACES = 0x40000000, 0x200000, 6
for _, as in ipairs(spaces) do
  for place = 0, PLACES - 1, 2 do as:premap(BASE + place * STEP, m:frames("8K"), "4K", "rw-u", 2) end
end

local function use(core)
  for _, as in ipairs(spaces) do
    core:switch(as)
    for place = 0, PLACES - 1 do
      core:load(BASE + place * STEP)
      core:load(BASE + place * STEP + 4096)
    end
  end
end

for number = 1, 2 do
  m.core[number]:program(function(core)
    use(core)
    for round = 1, 3 do
      m:barrier("used")
      if number == 1 then
        for place = 0, PLACES - 1 do
          local as, va = spaces[1 + round % 2], BASE + place * STEP
          if not as:unmap(core, va) then as:map(core, va, m:frames("4K"), "4K", "rw-u") end
          as:unmap(core, va + 4096)
        end
      end
      m:barrier("changed")
      use(core)
    end
  end)
end
