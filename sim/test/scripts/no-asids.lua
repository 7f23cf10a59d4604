-- Rocket's TLBs have no ASIDs: who switches and does not fence reads the other space's memory, and the judges say so.
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
  core:sfence_vma {}
  print(core:load(0x400000))
end)
