-- Random guests: two virtual machines, their hypervisor, and operations of both stages, accesses, streams and invalidations on
-- a random machine. arg: seed, table of stage 1, recording level, table of stage 2. Everything is drawn from the seed.
local seed, first_table, level, second_table = math.tointeger(arg[1] or 1), arg[2] or "radix", arg[3] or "all", arg[4] or "radix"

local state = (seed + 7907) * 0x9e3779b97f4a7c15   -- neighbours are to be strangers
state = state ~ state >> 29
local function draw(n)
  state = (state * 6364136223846793005 + 1442695040888963407)
  return (state >> 33) % n + 1
end
local function one_of(list) return list[draw(#list)] end

for _ = 1, 8 do draw(2) end
local wrong = first_table:find("forgets") or second_table:find("forgets")
local cores = draw(3) + (wrong and 1 or 0)
local family = wrong and "vmsa" or one_of { "vmsa", "vmsa", "sv", "x" }
local first_format = one_of(({ vmsa = { "vmsa-4k-48", "vmsa-4k-39" }, sv = { "sv39", "sv48" }, x = { "x86-64-48" } })[family])
local second_format = one_of(({ vmsa = { "vmsa-s2-4k-48", "vmsa-s2-4k-39" }, sv = { "sv39x4", "sv48x4" }, x = { "ept-48" } })[family])
if wrong then first_format, second_format = "vmsa-4k-48", "vmsa-s2-4k-48" end
local ordering = ({ vmsa = "arm", sv = "riscv", x = "x86" })[family]
local UPDATES = { vmsa = { "none", "access", "dirty" }, sv = { "none", "dirty" }, x = { "none", "dirty" } }
local hardware = family == "x" and "dirty" or one_of(UPDATES[family])
local hardware2 = one_of(UPDATES[family])
local CONTROLS = { vmsa = { "pan" }, sv = { "sum", "mxr" }, x = { "smap", "ac", "wp", "smep", "pke" } }

local walk_cache = {}
if draw(2) == 1 then walk_cache.tables = { holds = "tables", entries = one_of { 2, 8 }, ways = 2, latency = draw(3) - 1 } end
if draw(2) == 1 then walk_cache.ipa = { holds = "ipa", entries = one_of { 2, 16 }, ways = 2, latency = draw(3) - 1 } end
if draw(2) == 1 then walk_cache.nested = { holds = "stage2-tables", entries = 4, ways = 2, latency = draw(3) - 1 } end

local m = machine {
  seed = seed, cores = cores, record = level, ordering = ordering,
  prefetch = { kind = one_of { "none", "none", "next-page", "stride" }, degree = draw(3) },
  adversary = { period = one_of { 0, 0, 20, 200 }, reach = draw(4), delay = one_of { 0, 0, 50, 400 }, split = draw(2) == 1 },
  memory = { size = "8G", latency = one_of { 5, 40, 120 } },
  store_buffer = { depth = one_of { 0, 1, 4, 16 }, drain = one_of { 1, 8, 100, 700 } },
  network = { latency = one_of { 1, 20, 60 } },
  tlb = { l1d = { entries = one_of { 2, 8, 64 }, ways = 2, latency = draw(3) },
          l2 = { entries = 16, ways = 4, latency = one_of { 1, 7 }, inclusion = one_of { "neither", "inclusive", "exclusive" } } },
  walk_cache = next(walk_cache) and walk_cache or nil,
  walker = { slots = draw(4), misses = draw(8) },
  invalidation = { scheme = one_of { "broadcast", "interrupt" }, message = one_of { 0, 10 } },
  shootdown = { targets = one_of { "all", "ran", "active" }, batch = one_of { 1, 3, 16 }, threshold = one_of { 0, 1, 5, 16 } },
}

local P <const>, LARGE <const> = 4096, 1 << 21
local VA <const>, GLOBAL <const>, BIG <const> = 0x400000, 0x600000, 0x40000000
local TABLES <const>, MEMORY <const>, BIG_MEMORY <const> = 0x40000000, 0x80000000, 0xc0000000
local PAGES <const>, IPAS <const> = one_of { 3, 12 }, 16                 -- virtual pages; intermediate ones
local FIRST = { "rw-u", "r--u", "r-xu", "rw-", "rwxu", "rw-un" }
local SECOND = { "rwx", "rw-", "r--", "rwx", "r-x", "--x" }
if hardware ~= "none" then FIRST[#FIRST + 1] = "rw-uco" FIRST[#FIRST + 1] = "rw-uc" end
if hardware2 ~= "none" then SECOND[#SECOND + 1] = "rwxco" SECOND[#SECOND + 1] = "rw-c" end
if family == "x" then FIRST[#FIRST + 1] = "rw-uk3" end
if family ~= "x" then SECOND[#SECOND + 1] = "rw-d" end

-- Machines with two spaces each.
local guests = {}
for vmid = 1, draw(2) do
  local vm = m:address_space { table = second_table, format = second_format, vmid = vmid, hardware = hardware2 }
  vm:premap(TABLES, m:frames("2M"), "4K", hardware2 == "dirty" and draw(2) == 1 and "rw-c" or "rw-", 256)
  for asid = 1, 2 do
    local as = m:address_space { table = first_table, format = first_format, asid = asid, stage2 = vm, hardware = hardware, aliasing = true,
                                 tables = { base = TABLES + (asid - 1) * 0x80000, size = "512K" } }
    guests[#guests + 1] = { as = as, vm = vm, large = BIG_MEMORY + (asid - 1) * LARGE, number = asid }
  end
  vm:premap(MEMORY, m:frames("64K"), "4K", "rwx", 8)
end

local function some_ipa(core) return MEMORY + (core:random(IPAS) - 1) * P end

local function demand(core, use)
  return function(_, fault)
    local guest = use.guest
    if fault.kind ~= "translation" then return false end
    if fault.stage == 1 then
      if fault.va < VA or fault.va >= VA + PAGES * P then return false end
      local done, why = guest.as:map(core, fault.va & -P, some_ipa(core), "4K", "rw-u")
      return done or why == "overlap"
    end
    local ipa = fault.ipa and fault.ipa & -P
    if not ipa or ipa < MEMORY then return false end
    local done, why = guest.vm:map(core, ipa, m:frames("4K"), "4K", "rwx")
    return done or why == "overlap"
  end
end

-- An invalidation by hand, which may be too much, and is never too little.
local function invalidate(core, guest, va)
  local as, vm = guest.as, guest.vm
  if ordering == "x86" then
    if core:random(2) == 1 then core:invlpg(va) else core:invpcid { type = "single", asid = as } end
    core:fence()
  elseif ordering == "riscv" then
    core:sfence_vma { va = core:random(2) == 1 and va or nil, asid = core:random(2) == 1 and as or nil }
    core:fence()
  else
    local what = core:random(4)
    if what == 1 then core:tlbi("vae1is", va, as) elseif what == 2 then core:tlbi { ipa = some_ipa(core), vmid = vm.vmid }
    elseif what == 3 then core:tlbi("vmalle1is") else core:tlbi("aside1is", as) end
    core:dsb("ish")
  end
end

local function hypervise(core, guest)
  local vm, ipa, what = guest.vm, some_ipa(core), core:random(8)
  if what <= 3 then vm:map(core, ipa, m:frames("4K"), "4K", SECOND[core:random(#SECOND)])
  elseif what <= 5 then vm:unmap(core, ipa)
  elseif what == 6 then vm:protect(core, ipa, SECOND[core:random(#SECOND)])
  elseif what == 7 then
    if not vm:map(core, guest.large, m:frames("2M"), "2M", "rwx") then vm:unmap(core, guest.large) end
  else vm:query(core, ipa + 8) end
end

local function step(core, use)
  local guest = use.guest
  local as, va, what = guest.as, VA + (core:random(PAGES) - 1) * P, core:random(20)
  if what <= 2 then as:map(core, va, some_ipa(core), "4K", FIRST[core:random(#FIRST)])
  elseif what == 3 then as:unmap(core, va)
  elseif what == 4 then as:protect(core, va, FIRST[core:random(#FIRST)])
  elseif what <= 7 then hypervise(core, guest)
  elseif what <= 9 then core:store(va + 8 * core:random(500), core:random(1 << 40))
  elseif what <= 12 then core:load(va + core:random(4090))
  elseif what == 13 then core:fetch(va + 4 * core:random(1000))
  elseif what == 14 then invalidate(core, guest, va)
  elseif what == 15 then use.guest = guests[core:random(#guests)] core:switch(use.guest.as)
  elseif what == 16 then
    if not as:map(core, BIG, guest.large, "2M", "rw-u") then as:unmap(core, BIG) end
    core:load(BIG + core:random(1 << 20))
  elseif what == 17 then                       -- a global page belongs to the first space of its machine
    if guest.number == 1 then
      if core:random(2) == 1 then as:map(core, GLOBAL, some_ipa(core), "4K", "rw-ug") else as:unmap(core, GLOBAL) end
    end
    core:load(GLOBAL + core:random(4000))
  elseif what == 18 then
    core:control { [CONTROLS[family][core:random(#CONTROLS[family])]] = core:random(2) == 1 }
    core:privilege(({ "user", "kernel" })[core:random(2)])
  elseif what == 19 then core:load(BIG + core:random(1 << 20), { data = "none" })
  else
    local ran, why = pcall(core.run, core,
      stream.uniform { base = VA, size = PAGES * P, n = core:random(40), stores = 0.4 },
      { window = ({ 1, 4, 16 })[core:random(3)], data = ({ "bus", "fixed", "none" })[core:random(3)] })
    if not ran and not why:find("fault") then error(why) end
  end
end

for number = 1, cores do
  m.core[number]:program(function(core)
    local use = { guest = guests[1] }
    core:switch(use.guest.as)
    if core:random(2) == 1 then core:on_fault(demand(core, use)) end
    for part = 1, 3 do
      for _ = 1, 25 do step(core, use) end
      if part == 1 then m:warmup() elseif part == 2 then m:barrier("half") end
    end
  end)
end
