-- A page that another core uses is unmapped, mapped to another frame, and loses its right to be written. Its neighbours stay.
local m = machine { cores = 2, record = "all", memory = { size = "64M" }, store_buffer = { depth = 8, drain = 400 } }
local as = m:address_space { table = arg[1], format = arg[2] }
local PAGE, NEIGHBOUR = 0x40000000, 0x40001000
local first, second = m:frames("4K"), m:frames("4K")
as:premap(PAGE, first, "4K", "rw-u")
as:premap(NEIGHBOUR, m:frames("4K"), "4K", "rw-u")
local done = false

m.core[1]:program(function(core)
  core:switch(as)
  m:barrier("ready")
  core:wait(1500)
  as:unmap(core, PAGE)
  core:wait(2000)
  as:map(core, PAGE, second, "4K", "rw-u")
  core:wait(2000)
  as:protect(core, PAGE, "r--u")
  core:wait(2000)
  done = true
end)

m.core[2]:program(function(core)
  core:switch(as)
  m:barrier("ready")
  local value = 0
  repeat
    value = value + 1
    core:store(PAGE, value)
    core:load(PAGE)
    core:load(NEIGHBOUR)
    core:wait(50)
  until done
end)
