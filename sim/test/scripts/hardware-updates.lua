-- What hardware does to entries that are old or clean, and what it leaves to software.
local VA <const> = 0x400000
local ACCESSED <const>, READ_ONLY <const> = 1 << 10, 1 << 7
local m = machine { memory = { size = "64M" }, record = "all" }
local spaces = {}
for _, hardware in ipairs { "none", "access", "dirty" } do
  local as = m:address_space { hardware = hardware }
  as:premap(VA, m:frames("4K"), "4K", "rw-uo")          -- old: not accessed yet
  as:premap(VA + 0x1000, m:frames("4K"), "4K", "rw-uc") -- clean: not written yet
  spaces[#spaces + 1] = { hardware, as }
end

local function entry(core, as, va)
  local table = as.root
  for shift = 39, 21, -9 do
    table = core:read(table + (va >> shift & 511) * 8) & 0xfffffffff000
  end
  return core:read(table + (va >> 12 & 511) * 8)
end

m.core[1]:program(function(core)
  for _, pair in ipairs(spaces) do
    local hardware, as = table.unpack(pair)
    core:switch(as)
    print(hardware)
    print("", "load of the old page:", select(2, core:load(VA)) or "ok", entry(core, as, VA) & ACCESSED ~= 0)
    print("", "load of the clean page:", select(2, core:load(VA + 0x1000)) or "ok",
      entry(core, as, VA + 0x1000) & READ_ONLY == 0)
    print("", "store to the clean page:", select(2, core:store(VA + 0x1000, 1)) or "ok",
      entry(core, as, VA + 0x1000) & READ_ONLY == 0)
  end
end)
