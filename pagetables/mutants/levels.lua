-- Pages of all sizes at the ends of tables of all levels, of which each index bit is 0 in one and 1 in another; then some are
-- unmapped. One page is old, and software marks pages. arg: the format.
local m = machine { cores = 1, record = "all", memory = { size = "256M" } }
local as = m:address_space { format = arg[1] }
local places = {
  { 0x0000000000, "4K" }, { 0x0000001000, "4K" }, { 0x00000ff000, "4K" }, { 0x00001ff000, "4K" }, { 0x0000200000, "2M" },
  { 0x003fe00000, "2M" }, { 0x0020000000, "4K" }, { 0x0040000000, "4K" }, { 0x4000000000, "4K" }, { 0x8000000000, "4K" },
  { 0x800000000000 - 0x200000, "4K" }, { 0x0000020000, "64K" }, { 0x0000010000, "4K" }, { 0x0060000000, "2M" },
}
for _, place in ipairs(places) do as:premap(place[1], m:frames(place[2]), place[2], "rw-u") end
as:premap(0x2000, m:frames("4K"), "4K", "rw-uo")
places[#places + 1] = { 0x2000, "4K" }

local function use(core)
  for _, place in ipairs(places) do
    core:load(place[1] + 0x18)
    core:store(place[1] + (place[2] == "4K" and 0 or 0xe000) + 0x20, 1)
    core:load(place[1] + 0x1000 + (place[2] == "64K" and 0x18000 or 0))
  end
end

m.core[1]:program(function(core)
  core:switch(as)
  use(core)
  for number, place in ipairs(places) do
    if number % 3 == 0 then as:unmap(core, place[1]) end
  end
  use(core)
end)
