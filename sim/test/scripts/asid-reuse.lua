-- An address space's ASID goes to another one, after everything that TLBs have under it was dropped.
local m = machine { cores = 2, record = "all", memory = { size = "64M" } }
local old, idle = m:address_space { asid = 7 }, m:address_space {}
local PAGE = 0x400000
old:premap(PAGE, m:frames("4K"), "4K", "rw-u")

for number = 1, 2 do
  m.core[number]:program(function(core)
    core:switch(old)
    core:store(PAGE, 1)
    core:switch(idle)
    m:barrier("out of use")
    if number == 1 then old:retire(core) end
    m:barrier("dropped")
    local new = m:address_space { asid = 7 }
    core:switch(new)
    print(core, core:load(PAGE))
    new:map(core, PAGE, m:frames("4K"), "4K", "rw-u")
    print(core, core:load(PAGE))
    core:switch(idle)
    m:barrier("out of use again")
  end)
end
