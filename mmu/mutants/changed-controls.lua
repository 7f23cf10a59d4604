-- The kernel reads a user's page with PSTATE.PAN clear, sets it, and reads another one. A machine that still judges by what
-- the controls were lets it.
local m = machine { cores = 1, record = "all", memory = { size = "64M" } }
local as = m:address_space { format = "vmsa-4k-48" }
local PAGE = 0x40000000
as:premap(PAGE, m:frames("8K"), "4K", "rw-u", 2)

m.core[1]:program(function(core)
  core:switch(as)
  core:privilege("kernel")
  core:load(PAGE)
  core:control { pan = true }
  local value, fault = core:load(PAGE + 4096)
  print(tostring(value) .. " " .. tostring(fault))
end)
