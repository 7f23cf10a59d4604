-- All kinds of access, by the user and the kernel, to pages of all rights, by walks and by hits; pages that are clean or old, of
-- which hardware updates the entries; accesses that cross pages. arg: the format.
local m = machine { record = "all", memory = { size = "128M", latency = 20 } }
local as = m:address_space { format = arg[1], hardware = arg[1] ~= "x86-64-48" and "dirty" or nil }
local BASE, PAGE = 0x40000000, 4096
local ATTRIBUTES = { "rw-u", "r--u", "r-xu", "rw-", "rwxu", "rw-uc", "rw-uco", "r--", "rw-uc" }
for place, attributes in ipairs(ATTRIBUTES) do
  as:premap(BASE + 2 * place * PAGE, m:frames("4K"), "4K", attributes)
end
as:premap(BASE + 0x200000, m:frames("2M"), "2M", "rw-u")
as:premap(BASE + 0x100000, m:frames("4K"), "4K", "rw-u")
as:premap(BASE + 0x101000, m:frames("4K"), "4K", "r--u")

m.core[1]:program(function(core)
  core:switch(as)
  for _, privilege in ipairs { "user", "kernel" } do
    core:privilege(privilege)
    for round = 1, 2 do
      for place = 1, #ATTRIBUTES do
        local page = BASE + 2 * place * PAGE
        if (round + place) % 2 == 0 then core:load(page + 8 * round) end
        core:store(page + 8 * round, 10 * place + round)
        core:fetch(page)
        core:load(page + 8 * round)
      end
      core:load(BASE + 0x200000 + 0x12340)
      core:store(BASE + 0x200000 + 0x54320, round)
      core:store(BASE + 0x100ffc, round)
      core:load(BASE + 0x100ffc)
    end
  end
end)
