-- As crowded.lua, and the page that moves goes from a slot that walks read late to one that they read early.
-- (FIRST has nowhere to go, since two others have its slots 1 and 2; MOVES stands in its slot 1, and its slot 0 is free again.)
-- arg: page table
local A, FIRST, MOVES, AWAY = 0x1000, 0x4c000, 0xb7000, 0x121000
local SECOND, THIRD, FOURTH = 0x32a6e7000, 0x5c3a000, 0x1e4ee9000
local m = explore { cores = 2, store_buffer = 2, pages = { MOVES }, speculates = false }
local as = m:address_space { table = arg[1] or "cuckoo" }
local frames = {}
for number = 1, 8 do frames[number] = m:frames("4K") end

m:before(function(core)
  for number, page in ipairs { FIRST, AWAY, MOVES, SECOND, THIRD, FOURTH } do
    as:map(core, page, frames[number], "4K", "rw-u")
  end
  as:unmap(core, AWAY)
end)

m.core[1]:program(function(core) as:map(core, A, frames[8], "4K", "rw-u") end)
m.core[2]:program(function(core) core:load(MOVES) end)
