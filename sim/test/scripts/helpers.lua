-- hex, size, page; order of pairs; how things print; arguments.
local m = machine { cores = 2, record = "counters", memory = { size = "16M" } }
print(hex(255), hex(-1), size("4K"), size("2M"), size("1GiB"), size(17), hex(page(0x12345)), hex(page(0x345678, "2M")))
local keys = {}
for key in pairs { zebra = 1, apple = 2, [10] = 3, [2] = 4, mango = 5, [1] = 6 } do keys[#keys + 1] = key end
print(table.concat(keys, " "))
print(m.core[1], m.core[2].number, #m.core, #arg, arg[0])
print(pcall(function() return m.core[3] end))
print(load("return 6 * 7")())
m.core[2]:program(function(core) print(core, core:now()) end)
