-- exit 2
-- A barrier's name is kept whole: a longer one would never meet its like.
local m = machine { memory = { size = "64M" } }
m.core[1]:program(function()
  m:barrier(("x"):rep(63))
  print(pcall(m.barrier, m, "(region)"))
  m:barrier(("x"):rep(64))
end)
