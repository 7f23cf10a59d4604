-- Two processes with one kernel in the upper half; streams whose accesses merge in one miss, loads with stores.
local m = machine { record = "all", memory = { size = "64M" } }
local kernel = m:address_space { format = "vmsa-4k-48-high" }
local first = m:address_space { format = "vmsa-4k-48", kernel = kernel }
local second = m:address_space { format = "vmsa-4k-48", kernel = kernel }
kernel:premap(-0x100000, m:frames("4K"), "4K", "rw-g")
for _, as in ipairs { first, second } do as:premap(0x400000, m:frames("16K"), "4K", "rw-u", 4) end

m.core[1]:program(function(core)
  for round = 1, 2 do
    for number, as in ipairs { first, second } do
      core:switch(as)
      core:privilege("kernel")
      core:store(-0x100000, number)
      core:load(-0x100000)
      core:load(-0x100000 & 0xffffffffffff)
      core:privilege("user")
      core:store(0x400000, number)
      core:run(stream.sequential { base = 0x400000, size = "16K", n = 64 }, { window = 8, data = "bus" })
      core:load(0x400000)
    end
  end
end)
