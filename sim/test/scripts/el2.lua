-- EL2 is a regime of its own: its entries have no ASID, and invalidations of EL1 leave them.
local m = machine { memory = { size = "64M" }, record = "all" }
local hyp = m:address_space { format = "vmsa-el2-4k-48" }
local as = m:address_space { asid = 7 }
hyp:premap(0x400000, m:frames("4K"), "4K", "rw-g")
as:premap(0x400000, m:frames("4K"), "4K", "rw-u")
print(hyp.vmid, hyp.asid, as.vmid, hyp.format)
m.core[1]:program(function(core)
  core:privilege("kernel")
  core:switch(hyp)  core:store(0x400000, 1)
  core:switch(as)   core:store(0x400000, 2)
  core:tlbi("vmalle1is") core:dsb()
  local begin = core:now()
  print(core:load(0x400000), core:now() - begin)
  core:switch(hyp)
  begin = core:now()
  print(core:load(0x400000), core:now() - begin)
  hyp:unmap(core, 0x400000)
  print(core:load(0x400000))
end)
