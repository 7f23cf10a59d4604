-- INVLPG, INVPCID and MFENCE: what they drop on their core. They end when it is dropped.
local m = machine { cores = 2, record = "all", memory = { size = "64M" }, ordering = "x86" }
local as, other = m:address_space { asid = 5 }, m:address_space { asid = 6 }
local BASE, GLOBAL = 0x400000, 0x402000
as:premap(BASE, m:frames("8K"), "4K", "rw-u", 2)
as:premap(GLOBAL, m:frames("4K"), "4K", "rw-ug")

local function cached(core)
  local text = ""
  for va = BASE, GLOBAL, 4096 do
    local begin = core:now()
    core:load(va, { data = "none" })
    text = text .. (core:now() - begin <= 2 and "k" or "d")
  end
  return text
end

m.core[1]:program(function(core)
  core:switch(as)
  local function try(name, call)
    cached(core)
    local begin = core:now()
    call()
    local cycles = core:now() - begin
    print(name, cached(core), cycles > 1)
  end
  try("INVLPG", function() core:invlpg(BASE) end)
  try("INVLPG, global", function() core:invlpg(GLOBAL) end)
  try("INVPCID, address", function() core:invpcid { type = "address", asid = as, va = BASE } end)
  try("INVPCID, another", function() core:invpcid { type = "address", asid = other, va = BASE } end)
  try("INVPCID, single", function() core:invpcid { type = "single", asid = 5 } end)
  try("INVPCID, all", function() core:invpcid { type = "all" } end)
  try("INVPCID, all but global", function() core:invpcid { type = "all-but-global" } end)
  local begin = core:now()
  core:store(BASE, 1)
  core:fence()
  print("the fence waits for the store", core:now() - begin > 100)
end)
