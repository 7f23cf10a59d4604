-- Each pattern: how many accesses, how long, how many pages.
local m = machine { record = "all", memory = { size = "64M" }, tlb = { l1d = { entries = 4, ways = 4 } } }
local as = m:address_space {}
as:premap(0x400000, m:frames("1M"), "4K", "rwxu", 256)

m.core[1]:program(function(core)
  core:switch(as)
  local function try(name, description, options)
    local result = core:run(description, options)
    print(name, result.accesses, result.cycles)
  end
  try("sequential", stream.sequential { base = 0x400000, size = "16K", n = 512 })
  try("stride", stream.stride { base = 0x400000, size = "1M", step = 4096 + 64, n = 300 })
  try("uniform", stream.uniform { base = 0x400000, size = "1M", n = 300 })
  try("uniform, own seed", stream.uniform { base = 0x400000, size = "1M", n = 300, seed = 3 })
  try("zipf", stream.zipf { base = 0x400000, size = "1M", n = 300, skew = 1.2 })
  try("zipf, big pages", stream.zipf { base = 0x400000, size = "1M", n = 300, page = "64K" })
  try("chase", stream.chase { base = 0x400000, size = "64K", n = 300 })
  try("stores", stream.uniform { base = 0x400000, size = "1M", n = 300, stores = 0.5 }, { data = "bus" })
  try("fetches", stream.sequential { base = 0x400000, size = "16K", n = 300, kind = "fetch", bytes = 4 })
  try("one at a time", stream.uniform { base = 0x400000, size = "1M", n = 300, seed = 3 }, { window = 1 })
  try("fixed data", stream.uniform { base = 0x400000, size = "1M", n = 300, seed = 3 }, { data = "fixed" })
  try("as the kernel", stream.uniform { base = 0x400000, size = "1M", n = 300, seed = 3 }, { privilege = "kernel" })
  local twice = stream.uniform { base = 0x400000, size = "1M", n = 300 }
  try("without a seed, first", twice)
  try("and again", twice)
end)
