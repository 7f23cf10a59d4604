-- Accesses that cross from one page to another whose frame is elsewhere, or that is read-only.
local m = machine { record = "all", memory = { size = "64M" } }
local as = m:address_space {}
local BASE = 0x40000000
local frames = { m:frames("4K"), m:frames("4K"), m:frames("4K"), m:frames("4K") }
as:premap(BASE, frames[1], "4K", "rw-u")
as:premap(BASE + 0x1000, frames[4], "4K", "rw-u")
as:premap(BASE + 0x2000, frames[2], "4K", "r--u")

m.core[1]:program(function(core)
  core:switch(as)
  for round = 1, 2 do
    core:store(BASE + 0xffc, 0x1122334455667788)
    core:load(BASE + 0xffc)
    core:store(BASE + 0x1ffc, 0x1122334455667788)
    core:load(BASE + 0x1ffc)
    core:store(BASE + 0x100, 0x1122334455667788)
    core:load(BASE + 0x100)
    core:dsb()
  end
end)
