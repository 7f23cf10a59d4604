-- A page of the kernel's half is used in two address spaces, and unmapped while both have it in their TLBs.
local m = machine { cores = 2, record = "all", memory = { size = "64M" } }
local kernel = m:address_space { format = "vmsa-4k-48-high" }
local one = m:address_space { kernel = kernel }
local two = m:address_space { kernel = kernel }
local PAGE = -0x100000
kernel:premap(PAGE, m:frames("4K"), "4K", "rw-")
one:premap(0x400000, m:frames("4K"), "4K", "rw-u")

for number, as in ipairs { one, two } do
  m.core[number]:program(function(core)
    core:switch(as)
    core:privilege("kernel")
    core:load(PAGE)
    m:barrier("used")
    if number == 1 then kernel:unmap(core, PAGE) end
    m:barrier("unmapped")
    core:load(PAGE)
  end)
end
