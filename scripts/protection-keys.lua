-- x86: taking the right to store from 16 pages and giving it back, by a protection key and by the page table.
--
-- A thread guards a buffer: between two uses nobody may store to it. WRPKRU changes what the thread's own core makes of the
-- key in the TLBs' entries, nothing is invalidated and nobody else notices. mprotect rewrites entries and has to reach every
-- core that runs the address space by an interrupt (Intel SDM volume 3, 4.6.2 and 4.10.4). So the one costs cost.control
-- (8 unless it is said: our choice, measure your own core), whatever the pages and cores; the other grows with both. That a
-- key is the thread's own is also its weakness: core 2 may still store (the last lines).
--
--   mmusim run -f -o keys.db scripts/protection-keys.lua
--   mmusim query keys.db "SELECT * FROM context_log LIMIT 6"
--   mmusim query keys.db "SELECT * FROM fault_log"

local CORES, PAGES, ROUNDS = 4, 16, 8
local m = machine { preset = "skylake-server", cores = CORES }        -- its spaces are x86-64-48
local as = m:address_space { controls = { pke = true } }
local WORK, BY_KEY, BY_TABLE = 0x10000000, 0x40000000, 0x50000000
local KEY, STORES = 5, 1 << (2 * 5 + 1)                               -- PKRU: write-disable of key 5
as:premap(WORK, m:frames("1M"), "4K", "rw-u", 256)
as:premap(BY_KEY, m:frames("64K"), "4K", "rw-uk" .. KEY, PAGES)
as:premap(BY_TABLE, m:frames("64K"), "4K", "rw-u", PAGES)

local function guard_by_key(core, on)
  core:control { pkru = on and STORES or 0 }
end

local function guard_by_table(core, on)
  for i = 0, PAGES - 1 do as:protect(core, BY_TABLE + 4096 * i, on and "r--u" or "rw-u") end
end

-- Cycles of a use: open, store to each page, close.
local function measure(core, guard, base)
  local begin = core:now()
  for _ = 1, ROUNDS do
    guard(core, false)
    for i = 0, PAGES - 1 do assert(core:store(base + 4096 * i, 1)) end
    guard(core, true)
  end
  return (core:now() - begin) / ROUNDS
end

local done = false
m.core[1]:program(function(core)
  core:switch(as)
  guard_by_table(core, true)
  local key = measure(core, guard_by_key, BY_KEY)
  local pagetable = measure(core, guard_by_table, BY_TABLE)
  print(string.format("a use guarded by a key: %.0f cycles, by the page table: %.0f", key, pagetable))
  local _, by_key = core:store(BY_KEY, 2)
  local _, by_table = core:store(BY_TABLE, 2)
  print(string.format("core 1 stores: %s, error code 0x%x; %s, error code 0x%x", by_key, by_key.code, by_table, by_table.code))
  done = true
  m:barrier("guarded")
end)

m.core[2]:program(function(core)
  core:switch(as)
  m:barrier("guarded")
  print("core 2 stores:", core:store(BY_KEY, 2), core:store(BY_TABLE, 2))
end)

for number = 3, CORES do                                              -- others work in the same address space
  m.core[number]:program(function(core)
    core:switch(as)
    while not done do core:run(stream.uniform { base = WORK, size = "1M", n = 200 }) end
    m:barrier("guarded")
  end)
end
