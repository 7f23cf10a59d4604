-- Programs meet at barriers; one that has ended is not waited for.
local m = machine { cores = 3, record = "all", memory = { size = "16M" } }
local log = {}
for number = 1, 3 do
  m.core[number]:program(function(core)
    core:wait(number * 1000)
    m:barrier()
    log[#log + 1] = core.number .. "@" .. core:now()
    if number == 3 then return end
    m:barrier("the two that are left")
    log[#log + 1] = core.number .. "@" .. core:now()
    if number == 2 then core:wait(10) print(table.concat(log, " ")) end
  end)
end
