-- Barriers of the core: what each waits for. DSB ISHST drains stores, NSH local invalidations too, ISH all.
local m = machine {
  cores = 2, record = "all", memory = { size = "64M" },
  store_buffer = { drain = 300 }, network = { latency = 1000 },
}
local as = m:address_space {}
as:premap(0x400000, m:frames("4K"), "4K", "rw-u")

m.core[1]:program(function(core)
  core:switch(as)
  core:load(0x400000)
  local function cost(what, ...)
    local begin = core:now()
    what(core, ...)
    return core:now() - begin
  end
  print("nothing to wait for: dsb", cost(core.dsb), "isb", cost(core.isb))
  for _, kind in ipairs { "ishst", "nsh", "ish" } do
    core:store(0x400000, 1)
    print("a store: " .. kind, cost(core.dsb, kind))
    core:tlbi("vaae1is", 0x400000)
    print("a broadcast: " .. kind, cost(core.dsb, kind) < 1000 and "not waited for" or "waited for")
    core:dsb()
    core:load(0x400000)
    core:tlbi("vaae1", 0x400000)
    print("a local one: " .. kind, cost(core.dsb, kind))
    core:dsb()
    core:load(0x400000)
  end
end)
