-- `map` returns before it has taken effect: the core that called it faults on its own page.
--
-- The proof's memory shows a store to everybody at once. Here the leaf is still in the core's store buffer when `map`
-- returns, and walks read memory (Arm ARM DDI 0487 L.b, D8.2.6): until the buffer has drained, the page faults. The
-- corrected order ends with DSB ISHST and ISB.
--
--   mmusim run map-not-yet.lua [TABLE]

local TABLE = arg[1] or "./radix-verified.so"
local m = machine { memory = { size = "64M" }, record = "all", store_buffer = { drain = 500 } }
local vm = m:address_space { table = TABLE, format = "vmsa-s2-4k-39", vmid = 1 }
local frame, PAGE = m:frames("4K"), 0x40000000

m.core[1]:program(function(core)
  core:switch(vm)
  vm:map(core, PAGE, frame, "4K", "rwx")
  local returned, faults, last = core:now(), 0, nil
  repeat
    local _, fault = core:load(PAGE)
    if fault then faults, last = faults + 1, core:now() end
  until not fault
  print("map returned in cycle " .. returned .. "; then " .. faults .. " faults"
        .. (last and ", the last one in cycle " .. last or ""))
end)
