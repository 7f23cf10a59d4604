-- The format of a machine is that of its address spaces, where their table accepts it and they say none.
local m = machine { format = "sv48" }
for _, space in ipairs { m:address_space {}, m:address_space { format = "sv39" }, m:address_space { table = "hashed" } } do
  local reached = 0
  for bits = 30, 60 do if pcall(space.premap, space, 1 << bits, m:frames("4K"), "4K", "rw-") then reached = bits end end
  print(reached)
end
