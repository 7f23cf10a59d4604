-- Random stores to live tables, barriers and invalidations, on few words of few pages: software that keeps the protocol seldom, or
-- most of the time. Where it breaks it first, in each space, both judges have to find alike. Nothing is translated.
-- arg: seed, recording level.
local seed, level = math.tointeger(arg[1] or 1), arg[2] or "all"

local state = (seed + 104729) * 0x9e3779b97f4a7c15
state = state ~ state >> 29
local function draw(n)
  state = (state * 6364136223846793005 + 1442695040888963407)
  return (state >> 33) % n + 1
end
local function one_of(list) return list[draw(#list)] end
for _ = 1, 8 do draw(2) end

local m = machine {
  seed = seed, cores = draw(3), record = level, memory = { size = "1G", latency = 5 }, store_buffer = { depth = one_of { 0, 4 } },
  invalidation = { scheme = one_of { "broadcast", "broadcast", "interrupt" } },
}

local P <const>, TABLES <const>, BASE <const> = 4096, 0x40000000, 0x400000
local granule = one_of { "4k", "4k", "16k", "64k" }
local PAGE = ({ ["4k"] = 4096, ["16k"] = 16384, ["64k"] = 65536 })[granule]
local SIZE = ({ ["4k"] = "4K", ["16k"] = "16K", ["64k"] = "64K" })[granule]
local function pages(count)
  local list = {}
  for i = 1, count do list[i] = m:frames(SIZE) end
  return list
end

-- Each run in its own way: of 100 steps how many are done as they should be; whether pages are tables of one level of one space, and
-- not linked while they are.
local care, tidy = one_of { 20, 20, 80, 97 }, draw(3) > 1

-- Places: physical addresses of tables, what they are called in entries, and whose invalidations concern them.
local places = {}
local function place(pa, name, space, depth) places[#places + 1] = { pa = pa, name = name, space = space, depth = depth } end

local plain = { m:address_space { format = "vmsa-" .. granule .. one_of { "-48", "-39" }, asid = 1 },
                m:address_space { format = "vmsa-4k-48", asid = 2 },
                m:address_space { format = "vmsa-s2-4k-" .. one_of { "48", "39", "40-concatenated" }, vmid = 7 } }
for _, as in ipairs(plain) do
  place(as.root, as.root, as, 0)
  for i, pa in ipairs(pages(3 + draw(3))) do place(pa, pa, as, (i - 1) % 3 + 1) end
end

-- Two guests of a virtual machine: their tables lie in 16 pages each, which their hypervisor moves.
local vm = m:address_space { format = "vmsa-s2-4k-39", vmid = 1, aliasing = true }
local frames = m:frames("128K")
vm:premap(TABLES, frames, "4K", "rw-", 32)
local lies, spare, guests = {}, {}, {}
for i = 1, 32 do lies[i] = frames + (i - 1) * P end
for i = 0, 1 do
  local first = i * 0x10000
  local guest = m:address_space { format = "vmsa-4k-" .. one_of { "48", "39" }, asid = 3 + i, stage2 = vm, tables = { base = TABLES + first, size = "64K" } }
  guest:premap(BASE, TABLES, "4K", "rw-u")
  guests[guest] = true
  place(frames + (guest.root - TABLES), guest.root, guest, 0)
  for n = 8, 10 + draw(3) do place(frames + first + n * P, TABLES + first + n * P, guest, (n - 8) % 3 + 1) end
end
-- A page that is two of a guest's: one store is one to either.
if draw(3) == 1 then vm:premap(TABLES + 0x20000, frames + 8 * P, "4K", "rw-"); places[#places + 1] = { pa = frames + 8 * P, name = TABLES + 0x20000, space = places[#places].space, depth = 1 } end

local linked = {} -- by word: the table that it points to; by table: how many words do
local function note(at, index, to)
  local key, former = at.pa + index * 8, linked[at.pa + index * 8]
  if former then linked[former] = linked[former] - 1 end
  linked[key] = to
  if to then linked[to] = (linked[to] or 0) + 1 end
end

local function word(core, at, index)
  local to, tries = nil, 0
  repeat
    to, tries = places[core:random(#places)], tries + 1
    local fits = to.space == at.space and to.depth == at.depth + 1 and (linked[to] or 0) == 0
  until fits or not tidy or tries == 60
  local fits = to.space == at.space and to.depth == at.depth + 1 and (linked[to] or 0) == 0
  local kind = core:random(10)
  note(at, index, nil)
  if kind <= 2 then return 0 end
  if kind <= 6 and (fits or not tidy) then
    note(at, index, to)
    return to.name | 3
  end
  -- (a word of type 3 is a leaf in the last table alone)
  local bits = ({ 0x401, at.depth == 3 and 0x403 or 0x401, 0x1, 0x481, 0xc01, 0x405, 0x705, 0x10000000000401, 0x2 })[core:random(9)] | (at.depth == 3 and 2 or 0)
  return at.name // PAGE * PAGE + core:random(2) * 0x40000000 | bits
end

-- What each barrier and invalidation is called; now and then the right one after the other.
local function invalidate(core, at)
  local va, what = ({ 0, 0, BASE, 1 << 21, 1 << 30, 1 << 39 })[core:random(6)], core:random(9)
  local vmid = guests[at.space] and 1 or at.space == plain[3] and 7 or nil
  local broadcast = core:random(5) > 1
  if what <= 2 then core:tlbi { va = va, asid = at.space, broadcast = broadcast, last_level = core:random(3) == 1 }
  elseif what == 3 then core:tlbi { va = va, size = 1 << 30, vmid = vmid, broadcast = broadcast }
  elseif what == 4 then core:tlbi { asid = at.space, broadcast = broadcast }
  elseif what <= 6 and vmid then core:tlbi { ipa = va, size = core:random(2) == 1 and 1 << 40 or nil, vmid = vmid, broadcast = broadcast }
  elseif what <= 7 and vmid then core:tlbi { scope = "vmid", vmid = vmid, broadcast = broadcast }
  else core:tlbi { vmid = vmid, broadcast = broadcast } end
end

-- As it should be.
local function careful(core, at, index)
  local vmid = guests[at.space] and 1 or at.space == plain[3] and 7 or nil
  core:write(at.pa + index * 8, 0)
  core:dsb(({ "ish", "ishst" })[core:random(2)])
  if at.space == plain[3] then core:tlbi { scope = "vmid", vmid = 7 }
  elseif guests[at.space] then core:tlbi { vmid = vmid }
  else core:tlbi {} end
  core:dsb("ish")
  core:write(at.pa + index * 8, word(core, at, index))
end

local function step(core)
  local at, what = places[core:random(#places)], core:random(11)
  local index = ({ 0, 0, 1, 2, 511 })[core:random(5)]
  if core:random(100) <= care then careful(core, at, index)
  elseif what <= 6 then core:write(at.pa + index * 8, word(core, at, index))
  elseif what == 7 then core:dsb(({ "ish", "ishst", "nsh" })[core:random(3)])
  elseif what == 8 then invalidate(core, at)
  elseif what <= 10 then                       -- perhaps as it should be
    core:write(at.pa + index * 8, 0)
    core:dsb("ishst")
    invalidate(core, at)
    core:dsb("ish")
    core:write(at.pa + index * 8, word(core, at, index))
  else
    local page = core:random(32)
    if lies[page] and vm:unmap(core, TABLES + (page - 1) * P) then
      spare[#spare + 1], lies[page] = lies[page], nil
    elseif not lies[page] then
      local frame = core:random(3) == 1 and m:frames("4K") or table.remove(spare, core:random(#spare))
      lies[page] = frame
      vm:map(core, TABLES + (page - 1) * P, frame, "4K", "rw-")
    end
  end
end

for number = 1, #m.core do
  m.core[number]:program(function(core) for _ = 1, 60 do step(core) end end)
end
