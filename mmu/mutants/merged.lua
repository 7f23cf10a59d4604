-- A program of loads and stores, several in flight, on pages that may only be loaded from: stores wait for the misses of loads.
local m = machine { record = "all", memory = { size = "64M" }, window = 8 }
local as = m:address_space {}
local BASE = 0x40000000
as:premap(BASE, m:frames("16K"), "4K", "r--u", 4)

m.core[1]:program(function(core)
  core:switch(as)
  core:on_fault(function(handler, fault)
    as:protect(handler, page(fault.va), "rw-u")
    return true
  end)
  core:run(stream.sequential { base = BASE, size = "16K", n = 64, step = 256, stores = 0.5 }, { window = 8, data = "bus" })
end)
