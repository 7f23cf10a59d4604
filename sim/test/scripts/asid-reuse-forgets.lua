-- exit 1
-- An address space's ASID goes to another one, and nobody has dropped what TLBs have under it: the new one reads what belongs
-- to the old one.
local m = machine { record = "all", memory = { size = "64M" } }
local old = m:address_space { asid = 7 }
local PAGE = 0x400000
old:premap(PAGE, m:frames("4K"), "4K", "rw-u")

m.core[1]:program(function(core)
  core:switch(old)
  core:store(PAGE, 1)
  local new = m:address_space { asid = 7 }
  core:switch(new)
  print(core, core:load(PAGE))
end)
