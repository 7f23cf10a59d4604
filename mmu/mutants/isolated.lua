-- One load, alone in the machine; then one broadcast, while another core waits for data of another page.
local m = machine { cores = 2, record = "all", memory = { size = "64M", latency = 200 } }
local as = m:address_space {}
as:premap(0x40000000, m:frames("8K"), "4K", "rw-u", 2)

m.core[1]:program(function(core)
  core:switch(as)
  core:load(0x40000000)
  core:wait(3000)
  core:tlbi("vae1is", 0x40000000, as)
  core:dsb()
end)

m.core[2]:program(function(core)
  core:wait(2000)
  core:switch(as)
  core:load(0x40001000)
  core:wait(3000 - 2000)
  for _ = 1, 10 do core:load(0x40001000) end
end)
