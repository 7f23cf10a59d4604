-- A page goes from frame to frame, one unmap and map right after the other, while another core stores to it.
local m = machine { cores = 2, record = "all", memory = { size = "64M" }, network = { latency = 400 } }
local as = m:address_space { table = arg[1] }
local PAGE = 0x40000000
local frames = { m:frames("4K"), m:frames("4K") }
as:premap(PAGE, frames[2], "4K", "rw-u")
as:premap(PAGE + 4096, m:frames("4K"), "4K", "rw-u")
local done = false

m.core[1]:program(function(core)
  core:switch(as)
  m:barrier("ready")
  for i = 1, 6 do
    as:unmap(core, PAGE)
    as:map(core, PAGE, frames[i % 2 + 1], "4K", "rw-u")
  end
  done = true
end)

m.core[2]:program(function(core)
  core:switch(as)
  m:barrier("ready")
  repeat
    core:store(PAGE, 1)
    core:wait(20)
  until done
end)
