-- A global page is used in two spaces in turn, and a page of each; then one of the spaces is invalidated as a whole.
local m = machine { record = "all", memory = { size = "64M" } }
local first, second = m:address_space {}, m:address_space {}
local OWN, GLOBAL = 0x40000000, 0x50000000
first:premap(OWN, m:frames("4K"), "4K", "rw-u")
second:premap(OWN, m:frames("4K"), "4K", "rw-u")
first:premap(GLOBAL, m:frames("4K"), "4K", "rw-ug")

m.core[1]:program(function(core)
  for round = 1, 3 do
    for _, as in ipairs { first, second } do
      core:switch(as)
      core:load(OWN)
      core:load(GLOBAL)
    end
    if round == 2 then
      core:tlbi("aside1is", first)
      core:dsb()
    end
  end
end)
