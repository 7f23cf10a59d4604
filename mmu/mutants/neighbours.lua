-- A space runs on cores 1 and 3, not on core 4; software interrupts the cores on which it ran.
local m = machine {
  cores = 4, record = "all", memory = { size = "64M" }, invalidation = { scheme = "interrupt" }, shootdown = { targets = "ran" },
}
local as, other = m:address_space {}, m:address_space {}
local PAGE = 0x40000000
as:premap(PAGE, m:frames("4K"), "4K", "rw-u")
other:premap(PAGE, m:frames("4K"), "4K", "rw-u")

for number = 1, 4 do
  m.core[number]:program(function(core)
    core:switch(number % 2 == 1 and as or other)
    core:load(PAGE)
    m:barrier("used")
    if number == 1 then as:unmap(core, PAGE) end
    m:barrier("unmapped")
    core:load(PAGE)
  end)
end
