-- Random page-table operations, accesses, streams, faults, invalidations and regions on a random machine.
-- arg: seed, page table, recording level, whether a mutant runs it. Everything is drawn from the seed.
local seed, pagetable, level, mutant = math.tointeger(arg[1] or 1), arg[2] or "radix", arg[3] or "all", arg[4]

local state = seed * 0x9e3779b97f4a7c15         -- neighbours are to be strangers
state = state ~ state >> 29
local function draw(n)
  state = (state * 6364136223846793005 + 1442695040888963407)
  return (state >> 33) % n + 1
end
local function one_of(list) return list[draw(#list)] end

for _ = 1, 8 do draw(2) end
local cores = draw(4)
if pagetable:find("barrier") then cores = math.max(cores, 3) end
local ordering = pagetable:find("barrier") and "arm" or one_of { "arm", "arm", "x86", "riscv" }

-- Levels of any kind, and walk caches. Behind what is shared all is shared.
local function draw_translation()
  local function replacement() return one_of { "lru", "tree-plru", "fifo", "random", "srrip" } end
  local tlb = {
    l1d = { entries = one_of { 2, 8, 64 }, ways = 2, latency = draw(3), replacement = replacement() },
    l2 = { entries = 16, ways = 4, latency = one_of { 1, 7 }, replacement = replacement() },
  }
  local shape = draw(8)
  tlb.l2.inclusion = one_of { "neither", "neither", "inclusive", "exclusive" }
  if shape <= 3 then tlb.l3 = { entries = 32, ways = 4, latency = 9, shared = draw(2) == 1 } end
  if shape == 3 or shape == 4 then
    tlb.l2.shared = true
    if tlb.l2.inclusion == "inclusive" then tlb.l2.inclusion = "neither" end
    if tlb.l3 then tlb.l3.shared = true end
  end
  if shape >= 5 and shape <= 6 then
    tlb.l1d.sizes = { "4K", "64K" }
    tlb.l1d_2m = { entries = 4, ways = 2, sizes = { "2M", "32M", "1G" } }
  end
  if shape == 7 then tlb.l2.probing = "sequential" end
  if draw(2) == 1 then return tlb end
  return tlb, { tables = { entries = one_of { 2, 8, 16 }, ways = 2, latency = draw(3) - 1 } }
end
local tlb, walk_cache = draw_translation()
local shared = tlb.l2.shared or tlb.l3 and tlb.l3.shared

-- Formats, by draws of their own: mostly of the architecture whose barriers and invalidations the machine has.
local kept = state
state = (seed + 104729) * 0x9e3779b97f4a7c15   -- neighbours are strangers here, too
state = state ~ state >> 29
for _ = 1, 8 do draw(2) end
local FORMATS = {
  arm = { "vmsa-4k-48", "vmsa-4k-48", "vmsa-4k-39", "vmsa-16k-47", "vmsa-64k-48" }, x86 = { "x86-64-48", "x86-64-57" },
  riscv = { "sv39", "sv48", "sv57" },
}
local format = one_of(FORMATS[draw(6) == 1 and one_of { "arm", "x86", "riscv" } or ordering])
if pagetable == "radix" and not mutant then pagetable = one_of { "radix", "radix", "radix", "radix-keeps-tables", "hashed", "cuckoo", "ranges" } end
if pagetable:find("forgets") then format = "vmsa-4k-48" end
local own_format = pagetable == "hashed" or pagetable == "cuckoo" or pagetable == "ranges"
if own_format then format = pagetable .. "-48" end
local family = format:match("^%a+")
-- the smallest page, a run of such or a page in between, and a large one
local SMALL, MIDDLE, LARGE = "4K", "64K", "2M"
if family == "x" or own_format then MIDDLE = "2M" end
if format:find("16k") then SMALL, MIDDLE, LARGE = "16K", "2M", "32M" end
if format:find("64k") then SMALL, MIDDLE, LARGE = "64K", "2M", "2M" end
local P = math.tointeger(SMALL:match("%d+")) * 1024
local halves = family == "vmsa" and format:find("4k.48") and draw(2) == 1
local CONTROLS = { vmsa = { "pan" }, sv = { "sum", "mxr" }, x = { "smap", "ac", "wp", "smep", "pke" } }
local controls = CONTROLS[family]
local hardware = one_of(family == "vmsa" and { "none", "access", "dirty" } or family == "x" and { "dirty" }
                        or family == "sv" and { "none", "dirty" } or { "none" })
state = kept
if tlb.l1d.sizes then
  tlb.l1d.sizes, tlb.l1d_2m.sizes = { SMALL, MIDDLE ~= LARGE and MIDDLE or nil }, { LARGE, "1G" }
end
-- (an invalidation by address leaves tables in walk caches on RISC-V; radix knows where the format says so)
if ordering == "riscv" and family ~= "sv" then walk_cache = nil end

local prefetch = { kind = one_of { "none", "none", "next-page", "stride", "distance", "recency" }, degree = draw(3) }
local adversary = { period = one_of { 0, 0, 20, 200, 2000 }, reach = draw(4) }

-- The memory system, by draws of its own. (A forgotten barrier is rare enough to find without it.)
kept = state
state = seed * 7919
for _ = 1, 8 do draw(2) end
local plain = pagetable:find("barrier")
local levels = plain and 0 or one_of { 0, 1, 2, 3 }
local cache = levels > 0 and { line = one_of { 16, 64 }, walker = draw(3) } or nil
for number = 1, levels do
  cache["l" .. number] = { size = number * one_of { 128, 1024, 8192 }, ways = one_of { 1, 2 }, latency = draw(6),
                           shared = number == 3 or (number == 2 and levels == 2) }
end
local requests = plain and 0 or one_of { 0, 0, 1, 3 }
local width = plain and 64 or one_of { 8, 64 }
adversary.delay = plain and 0 or one_of { 0, 0, 50, 400 }
adversary.split = draw(2) == 1
local arbitration = one_of { "oldest", "round-robin" } -- (by priority, those who wait for a lock can starve its holder)
state = kept

local m = machine {
  seed = seed, cores = cores, record = level, ordering = ordering, prefetch = prefetch, adversary = adversary,
  memory = { size = "8G", latency = one_of { 5, 40, 120 }, requests = requests },
  bus = { occupancy = one_of { 1, 2, 8 }, width = width, arbitration = arbitration },
  cache = cache,
  -- (a forgotten barrier shows only while a store stays in the buffer for longer than a walk of another core takes)
  store_buffer = { depth = one_of { 0, 1, 4, 16 }, drain = pagetable:find("barrier") and 700 or one_of { 1, 8, 100, 700 } },
  network = { latency = one_of { 1, 20, 60 } },
  tlb = tlb, walk_cache = walk_cache,
  walker = { slots = draw(4), misses = draw(8) },
  -- (software that reads a mask of cores has a barrier of its own)
  invalidation = { scheme = pagetable:find("barrier") and "broadcast" or one_of { "broadcast", "interrupt", "interrupt" },
                   message = one_of { 0, 10 } },
  shootdown = { targets = one_of(shared and { "all", "ran" } or { "all", "ran", "active", "active" }),
                batch = one_of { 1, 3, 16 }, threshold = one_of { 0, 1, 5, 16 } },
  interrupt = { entry = one_of { 1, 50, 600 }, exit = one_of { 1, 40 } },
}

local BASE, PAGES = 0x40000000, one_of { 3, 24 }
local BIG, GLOBAL, RUN = 0x80000000, 0xc0000000, 0xa0000000
local ATTRIBUTES = { "rw-u", "r--u", "r-xu", "rw-", "rwxu" }
local TLBI = { "vae1", "vae1is", "vaae1is", "aside1is", "vmalle1", "vmalle1is", "vale1is" }
local MAPPED = { "rw-u", "r--u", "r-xu", "rw-", "rw-uc", "rw-uco" }
if family == "x" then
  for _, list in ipairs { ATTRIBUTES, MAPPED } do list[#list + 1] = "rw-uk3" list[#list + 1] = "r--uk1" end
end
if own_format then MAPPED = { "rw-u", "r--u", "r-xu", "rw-" } else MAPPED[#MAPPED + 1] = "rw-un" end
local kernel = halves and m:address_space { table = pagetable, format = format .. "-high", hardware = hardware } or nil
local spaces = {}
for asid = 1, 2 do
  spaces[asid] = m:address_space { table = pagetable, format = format, asid = asid, hardware = hardware, kernel = kernel }
end
local HIGH = -0x40000000                        -- of the kernel's table, or of the space's own
spaces[1]:premap(BASE, m:frames(SMALL), SMALL, "rw-u")

local function demand(core, as)
  return function(_, fault)
    -- a page that is global in one space must not be mapped in another: that is the software's own conflict
    if fault.kind ~= "translation" or fault.va < 0 or (fault.va >= GLOBAL and as() ~= spaces[1]) then return false end
    local mapped, why = as():map(core, fault.va & -P, m:frames(SMALL), SMALL, "rw-u")
    return mapped or why == "overlap"
  end
end

-- An invalidation by hand, which may be too much, and is never too little.
local function invalidate(core, va, as)
  local name = TLBI[core:random(#TLBI)]
  if core:random(4) == 1 and cores > 1 then
    core:ipi { cores = { core.number % cores + 1 }, wait = core:random(2) == 1,
               invalidations = { { va = va, asid = as }, { va = va, size = "8K" }, { asid = as } } }
  elseif ordering == "x86" then
    if core:random(2) == 1 then core:invlpg(va) else core:invpcid { type = "single", asid = as } end
    core:fence()
  elseif ordering == "riscv" then
    core:sfence_vma { va = core:random(2) == 1 and va or nil, asid = core:random(2) == 1 and as or nil }
  elseif name:find("^vm") then core:tlbi(name) elseif name:find("^as") then core:tlbi(name, as)
  elseif name:find("^vaa") then core:tlbi { va = va, size = 4096 * core:random(4), broadcast = core:random(2) == 1 }
  else core:tlbi(name, va, as) end
end

local function synchronize(core)
  if ordering ~= "arm" then core:fence()
  elseif core:random(4) == 1 then core:dmb(({ "ish", "ishst" })[core:random(2)])
  else core:dsb(({ "ish", "nsh", "ishst" })[core:random(3)]) end
end

local function step(core, use)
  local as, va = use.space, BASE + (core:random(PAGES) - 1) * P
  local what = core:random(pagetable:find("barrier") and 7 or controls and 23 or 20)   -- (more of what shows it)
  if pagetable:find("barrier") and core.number > 1 then what = 7 end
  if what <= 2 then as:map(core, va, m:frames(SMALL), SMALL, MAPPED[core:random(#MAPPED)])
  elseif what == 3 then as:unmap(core, va)
  elseif what == 4 then as:protect(core, va, ATTRIBUTES[core:random(#ATTRIBUTES)])
  elseif what == 5 then as:query(core, va + core:random(4000))
  elseif what == 6 then core:store(va + 8 * core:random(500), core:random(1 << 40), { bytes = ({ 1, 2, 4, 8 })[core:random(4)] })
  elseif what == 7 then core:load(va + core:random(4090))
  elseif what == 8 then core:fetch(va + 4 * core:random(1000))
  elseif what == 9 or what == 18 or what == 19 then use.space = spaces[core:random(2)] core:switch(use.space)
  elseif what == 10 then invalidate(core, va, as) synchronize(core)
  elseif what == 11 then invalidate(core, va, as)
  elseif what == 12 then
    if not as:map(core, BIG, m:frames(LARGE), LARGE, "rw-u") then as:unmap(core, BIG) end
    core:load(BIG + core:random(1 << 20))
  elseif what == 13 then       -- a global page belongs to the first space; the other only uses it
    local at = GLOBAL + (core:random(2) - 1) * P
    if as == spaces[1] and core:random(2) == 1 then
      if not as:map(core, at, m:frames(SMALL), SMALL, "rw-ug") then as:unmap(core, at) end
    end
    if core:random(2) == 1 then core:store(at, 1) else core:load(at) end
  elseif what == 14 then core:wait(core:random(200)) synchronize(core)
  elseif what == 16 then       -- many pages in one operation
    if not as:map(core, RUN, m:frames(MIDDLE), MIDDLE, "rw-u") then as:unmap(core, RUN) end
    core:load(RUN + core:random(60000))
  elseif what == 20 then       -- the upper half
    local owner = kernel or (family == "x" or family == "sv") and as
    local at = HIGH + (core:random(3) - 1) * P
    if owner and core:random(2) == 1 then
      if not owner:map(core, at, m:frames(SMALL), SMALL, kernel and core:random(2) == 1 and "rw-g" or "rw-") then
        owner:unmap(core, at)
      end
    end
    core:load(at + core:random(4000), { privilege = ({ "user", "kernel" })[core:random(2)] })
  elseif what >= 21 then       -- the state of the core
    local control = controls[core:random(#controls)]
    local values = { [control] = core:random(2) == 1 }
    if family == "x" and core:random(3) == 1 then values.pkru = core:random(1 << 8) - 1 end
    core:control(values)
    core:privilege(({ "user", "kernel" })[core:random(2)])
  elseif what == 17 then core:load(RUN + core:random(60000), { data = "none" })
  else
    local ran, why = pcall(core.run, core,
      stream.uniform { base = BASE, size = PAGES * P, n = core:random(60), stores = 0.4 },
      { window = ({ 1, 4, 16 })[core:random(3)], data = ({ "bus", "fixed", "none" })[core:random(3)] })
    if not ran and not why:find("fault") then error(why) end
  end
end

for number = 1, cores do
  m.core[number]:program(function(core)
    local use = { space = spaces[1] }
    core:switch(use.space)
    if core:random(2) == 1 then core:on_fault(demand(core, function() return use.space end)) end
    for part = 1, 3 do
      for _ = 1, 20 do step(core, use) end
      if part == 1 then m:warmup() elseif part == 2 then m:barrier("half") end
    end
  end)
end
