-- Core 2 has run a space, all of whose entries are then dropped, and runs another one; core 1 unmaps pages of the first. Unless core 2
-- walks a space that it does not run (arg[#arg] "adversary"), it has nothing of it.
local m = machine {
  cores = 2, record = "all", memory = { size = "64M" }, network = { latency = 5 },
  adversary = arg[#arg] == "adversary" and { period = 12, reach = 2 } or nil,
}
local first, second = m:address_space {}, m:address_space {}
local BASE, PAGES = 0x40000000, 24
first:premap(BASE, m:frames("128K"), "4K", "rw-u", PAGES)
second:premap(BASE, m:frames("128K"), "4K", "rw-u", PAGES)

m.core[1]:program(function(core)
  core:switch(second)
  m:barrier("left")
  core:tlbi("aside1is", first)
  core:dsb()
  m:barrier("dropped")
  core:wait(4000)
  for page = 0, PAGES - 1 do first:unmap(core, BASE + page * 4096) end
  m:barrier("changed")
end)

m.core[2]:program(function(core)
  core:switch(first)
  for page = 0, PAGES - 1 do core:load(BASE + page * 4096) end
  core:switch(second)
  m:barrier("left")
  m:barrier("dropped")
  for _ = 1, 300 do core:wait(100) end
  for page = 0, PAGES - 1 do core:load(BASE + page * 4096) end
  m:barrier("changed")
  core:switch(first)
  for page = 0, PAGES - 1 do core:load(BASE + page * 4096) end
end)
