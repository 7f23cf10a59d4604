-- A walk that an unmap overtakes: core 3 has read where the last table lies, and waits for the bus, which core 2 keeps busy;
-- core 1 unmaps the page, and the table that became empty is used again, for another page.
local m = machine {
  cores = 3, record = "all", memory = { size = "64M" },
  bus = { occupancy = 8, arbitration = "priority" },
}
local as = m:address_space { table = "radix" }
local PAGE, OTHER, BUSY = 0x40000000, 0x40200000, 0x40400000
local frame = m:frames("4K")
as:premap(PAGE, frame, "4K", "rw-u")
as:premap(BUSY, m:frames("2M"), "2M", "rw-u")

m.core[1]:program(function(core)
  core:switch(as)
  m:barrier("ready")
  core:wait(450)
  as:unmap(core, PAGE)
  as:map(core, OTHER, frame, "4K", "rw-u")
end)

m.core[2]:program(function(core)
  core:switch(as)
  core:load(BUSY)
  m:barrier("ready")
  core:wait(300)
  core:run(stream.sequential { base = BUSY, size = "64K", n = 400 }, { window = 32, data = "bus" })
end)

m.core[3]:program(function(core)
  core:switch(as)
  m:barrier("ready")
  for _ = 1, 3 do
    local value, fault = core:load(PAGE)
    print("core 3: " .. tostring(value) .. " " .. tostring(fault))
    core:wait(3000)
  end
end)
