-- Who is interrupted by whom: shootdown.targets "ran" and a retired address space; page sizes that take several invalidations.
local m = machine { cores = 3, record = "all", memory = { size = "64M" }, invalidation = { scheme = "interrupt" },
                    shootdown = { targets = "ran", batch = 4, threshold = 20 } }
local as, other = m:address_space { asid = 1 }, m:address_space { asid = 2 }
local PAGE, RUN = 0x400000, 0x10000
as:premap(PAGE, m:frames("256K"), "64K", "rw-u", 4)

local function unmap(core, what, va)
  local begin = core:now()
  as:unmap(core, va)
  print(what, core:now() - begin)
end

m.core[1]:program(function(core)
  core:switch(as)
  unmap(core, "nobody else ran it", PAGE)
  m:barrier("core 2 runs it")
  m:barrier("core 2 has run it")
  unmap(core, "core 2 did, in 4 interrupts", PAGE + RUN)
  core:switch(other)
  m:barrier("left")
  as:retire(core)
  core:switch(as)
  unmap(core, "nobody since it was retired", PAGE + 2 * RUN)
end)

m.core[2]:program(function(core)
  core:switch(other)
  m:barrier("core 2 runs it")
  core:switch(as)
  core:load(PAGE + RUN)
  m:barrier("core 2 has run it")
  core:switch(other)
  m:barrier("left")
end)

m.core[3]:program(function(core)
  core:switch(other)
  m:barrier("core 2 runs it")
  m:barrier("core 2 has run it")
  m:barrier("left")
end)
