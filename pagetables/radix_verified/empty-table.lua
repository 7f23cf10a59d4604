-- A map that runs out of memory leaves an empty table behind, where no block can be mapped any more.
--
-- A new table is linked before the next one is allocated; if that fails, the first one stays, empty. Nothing of the
-- abstract map has changed, but `map` takes every valid entry in its way for a mapping, and only an unmap below it
-- would prune it. The proof's allocator never fails.
--
--   mmusim run empty-table.lua [TABLE]

local TABLE = arg[1] or "./radix-verified.so"
local m = machine { memory = { size = "4G" }, record = "all" }
local vm = m:address_space { table = TABLE, format = "vmsa-s2-4k-48", vmid = 1 }
local PAGE, block = 0x40000000, m:frames("1G")
vm:premap(0, m:frames("4K"), "4K", "rwx") -- tables down to level 2 of the first GiB: the page's GiB needs two more
local frame, room = m:frames("4K"), m:frames("4K")
local rest = {}
for lg2 = 31, 12, -1 do -- what is left of memory, but for one table
  local free, pa = true, nil
  while free do
    free, pa = pcall(m.frames, m, 1 << lg2)
    if free then rest[#rest + 1] = { pa, 1 << lg2 } end
  end
end
m:release_frames(room, "4K")

m.core[1]:program(function(core)
  core:switch(vm)
  local page, why = vm:map(core, PAGE, frame, "4K", "rwx")
  print("a page of 4 KiB: " .. tostring(page or why) .. ", in cycle " .. core:now())
  for _, frames in ipairs(rest) do m:release_frames(frames[1], frames[2]) end
  local mapped, why_not = vm:map(core, PAGE, block, "1G", "rwx")
  print("then, with memory, a block of 1 GiB: " .. tostring(mapped or why_not) .. ", in cycle " .. core:now())
end)
