-- A page is mapped whose slots of all three ways are taken by others: one of them has to move, while another core uses it.
-- (The hash functions of pagetables/cuckoo.h give the same slot 0 to all, the same slot 1 to all but one, and the same slot 2
-- to the last two.)
-- arg: page table
local A, MOVES, SECOND, THIRD = 0x1000, 0x4c000, 0x26d4000, 0x32a6e7000
local m = explore { cores = 2, store_buffer = 2, pages = { MOVES }, speculates = false }
local as = m:address_space { table = arg[1] or "cuckoo" }
for _, page in ipairs { MOVES, SECOND, THIRD } do as:premap(page, m:frames("4K"), "4K", "rw-u") end
local frame = m:frames("4K")

m.core[1]:program(function(core) as:map(core, A, frame, "4K", "rw-u") end)
m.core[2]:program(function(core) core:load(MOVES) end)
