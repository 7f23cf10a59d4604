-- A table that is nearly full takes more pages, and has to make room or to move, while a core uses its pages and the
-- memory that it gives back is taken at once. arg[1]: the table; arg[2], arg[3]: pages before the run, and in it.
local m = machine {
  cores = 5, record = "all", memory = { size = "64M" }, tlb = { l1d = { entries = 4 }, l2 = { entries = 4, ways = 4 } }, walk_cache = { pde = { entries = 8 } }, bus = { occupancy = 8 },
  adversary = arg[#arg] == "adversary" and { period = 15 } or nil,
}
local as = m:address_space { table = arg[1], aliasing = true }
local other = m:address_space { table = arg[1], aliasing = true }
local BASE, BEFORE, MORE = 0x40000000, tonumber(arg[2]), tonumber(arg[3])
local frame = m:frames("4M")
as:premap(BASE, frame, "4K", "rw-u", BEFORE)
other:premap(BASE, frame, "4K", "rw-u", BEFORE)
local done = false

m.core[1]:program(function(core)
  core:switch(as)
  for i = BEFORE, BEFORE + MORE - 1 do as:map(core, BASE + i * 0x1000, frame + i * 0x1000, "4K", "rw-u") end
  for i = 0, MORE - 1 do as:unmap(core, BASE + i * 0x3000) end
  done = true
end)

for number = 3, 5 do
  m.core[number]:program(function(core)
    core:switch(as)
    repeat core:load(BASE + core:random(BEFORE + MORE) * 0x1000, { data = "none" }) until done
  end)
end

m.core[2]:program(function(core)
  core:switch(other)
  core:wait(300)
  for i = BEFORE, BEFORE + MORE - 1 do other:map(core, BASE + i * 0x1000, frame + (i + 9) * 0x1000, "4K", "rw-u") end
end)
