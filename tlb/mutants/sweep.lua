-- A cyclic sweep over PAGES pages, ROUNDS times. arg: PAGES, ROUNDS, the entries of a fully associative first level, those of the
-- second, the replacement of both.
local pages, rounds, first, second, replacement = math.tointeger(arg[1]), math.tointeger(arg[2]),
  math.tointeger(arg[3]), math.tointeger(arg[4]), arg[5]
local m = machine {
  record = "all", memory = { size = "64M" },
  tlb = {
    l1d = { entries = first, ways = first, replacement = replacement },
    l2 = { entries = second, ways = second, replacement = replacement },
  },
}
local as = m:address_space {}
local BASE = 0x40000000
as:premap(BASE, m:frames("256K"), "4K", "rw-u", pages)

m.core[1]:program(function(core)
  core:switch(as)
  for _ = 1, rounds do
    for page = 0, pages - 1 do core:load(BASE + page * 4096) end
  end
end)
