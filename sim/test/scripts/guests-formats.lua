-- Each architecture's stage 1 under its stage 2: what its faults report. One machine a script, so one core each.
local m = machine { memory = { size = "64M" }, record = "all", cores = 3 }
local FORMATS = { { "vmsa-4k-48", "vmsa-s2-4k-48" }, { "sv39", "sv39x4" }, { "x86-64-48", "ept-48" } }

for number, formats in ipairs(FORMATS) do
  local vm = m:address_space { format = formats[2], vmid = number }
  vm:premap(0x40000000, m:frames("1M"), "4K", "rwx", 256)
  local as = m:address_space { format = formats[1], stage2 = vm, tables = { base = 0x40000000, size = "512K" } }
  as:premap(0x400000, 0x40080000, "4K", "rw-u")
  as:premap(0x401000, 0x40081000, "4K", "r--u")
  as:premap(0x402000, 0x80000000, "4K", "rw-u")
  m.core[number]:program(function(core)
    core:switch(as)
    local lines = { formats[1] .. " under " .. formats[2] .. ": " .. tostring(core:store(0x400000, number)) }
    local function told(_, fault) lines[#lines + 1] = "  " .. fault.text .. "\n    " .. fault.report end
    told(core:store(0x401000, 5))
    told(core:load(0x402000))
    told(core:load(0x403000))
    for turn = 1, #FORMATS do
      m:barrier("turn " .. turn)
      if turn == number then print(table.concat(lines, "\n")) end
    end
  end)
end
