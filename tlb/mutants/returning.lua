-- One page is loaded before each of PAGES others, which are loaded once. arg: PAGES, the entries of one set of level 1, its
-- replacement. No second level.
local pages, entries, replacement = math.tointeger(arg[1]), math.tointeger(arg[2]), arg[3]
local m = machine {
  record = "all", memory = { size = "64M" },
  tlb = { l1d = { entries = entries, ways = entries, replacement = replacement }, l2 = false },
}
local as = m:address_space {}
local BASE = 0x40000000
as:premap(BASE, m:frames("1M"), "4K", "rw-u", pages + 1)

m.core[1]:program(function(core)
  core:switch(as)
  for page = 1, pages do
    core:load(BASE)
    core:load(BASE + page * 4096)
  end
end)
