-- Two entries match one address: a global page of one address space, and the other's own page there. That is the software's
-- mistake. A machine that aborts (arg[1] "right") is not accused; one that takes the smaller page ("wrong") reaches the
-- wrong frame.
local m = machine {
  cores = 1, record = arg[2] or "all", memory = { size = "64M" },
  tlb = { conflict = arg[1] == "wrong" and "first" or "abort" },
}
local first = m:address_space { table = "radix", asid = 1 }
local second = m:address_space { table = "radix", asid = 2 }
local PAGE = 0x40000000
first:premap(PAGE, m:frames("4K"), "4K", "rw-ug")
second:premap(PAGE, m:frames("2M"), "2M", "rw-u")

m.core[1]:program(function(core)
  core:switch(second)
  core:load(PAGE)
  core:switch(first)
  core:load(PAGE)
  core:switch(second)
  local value, fault = core:load(PAGE + 8)
  print(tostring(value) .. " " .. tostring(fault))
end)
