-- exit 1
-- The same without the fence.
local m = machine { preset = "rocket", record = "all" }
local a, b = m:address_space {}, m:address_space {}
local frame = m:frames("8K")
a:premap(0x400000, frame, "4K", "rw-u")
b:premap(0x400000, frame + 4096, "4K", "rw-u")
print(a.asid, b.asid, a.format)

m.core[1]:program(function(core)
  core:switch(a)
  core:store(0x400000, 1)
  core:switch(b)
  print(core:load(0x400000))
end)
