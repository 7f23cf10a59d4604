-- Frames of 64 KiB are runs of sixteen entries, all of which come and go together.
local m = machine { cores = 2, record = "all", memory = { size = "64M" } }
local as = m:address_space { table = "radix" }
local RUN, BEHIND = 0x40000000, 0x40010000
as:premap(RUN, m:frames("64K"), "64K", "rw-u")
as:premap(BEHIND, m:frames("4K"), "4K", "rw-u")

local function touch(core)
  for offset = 0, 0x10000, 0x1000 do core:load(RUN + offset) end
end

m.core[1]:program(function(core)
  core:switch(as)
  m:barrier("touched")
  as:protect(core, RUN, "r--u")
  m:barrier("protected")
  m:barrier("touched again")
  as:unmap(core, RUN)
  as:map(core, RUN + 0x5000, m:frames("4K"), "4K", "rw-u")
  as:map(core, RUN, m:frames("64K"), "64K", "rw-u")           -- overlaps the page above
  as:unmap(core, RUN + 0x5000)
  as:map(core, RUN, m:frames("64K"), "64K", "rw-u")
  as:unmap(core, RUN + 0x1000)                                -- not its base
end)

m.core[2]:program(function(core)
  core:switch(as)
  touch(core)
  m:barrier("touched")
  m:barrier("protected")
  for offset = 0, 0xf000, 0x1000 do core:store(RUN + offset, offset) end
  touch(core)
  m:barrier("touched again")
  for _ = 1, 20 do
    touch(core)
    core:wait(200)
  end
end)
