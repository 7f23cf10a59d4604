-- `protect` can fail, and then the mapping is gone.
--
-- It is an unmap and a map. The unmap prunes, so the map has to allocate the same tables again, and in between they
-- are anybody's: here core 2 takes the last one. "Nothing changes on an error" is proved of each half alone.
--
--   mmusim run protect-loses.lua [TABLE]

local TABLE = arg[1] or "./radix-verified.so"
local m = machine { cores = 2, memory = { size = "64M" }, record = "all" }
local vm1 = m:address_space { table = TABLE, format = "vmsa-s2-4k-39", vmid = 1 }
local vm2 = m:address_space { table = TABLE, format = "vmsa-s2-4k-39", vmid = 2 }
local PAGE = 0x40000000
vm1:premap(PAGE, m:frames("4K"), "4K", "rwx")
vm2:premap(0x40200000, m:frames("4K"), "4K", "rwx")
local frame = m:frames("4K")
for lg2 = 24, 12, -1 do -- what is left of memory
  while pcall(m.frames, m, 1 << lg2) do end
end

m.core[1]:program(function(core)
  core:switch(vm1)
  core:wait(1000)
  local done, why = vm1:protect(core, PAGE, "r-x")
  print("core 1: protect said " .. tostring(done or why) .. "; query says "
        .. (vm1:query(core, PAGE) and "mapped" or "not mapped") .. ", in cycle " .. core:now())
end)

m.core[2]:program(function(core)
  core:switch(vm2)
  repeat
    core:wait(500)
    local done = vm2:map(core, PAGE, frame, "4K", "rwx")
  until done or core:now() > 300000
  print("core 2: has its page in cycle " .. core:now())
end)
