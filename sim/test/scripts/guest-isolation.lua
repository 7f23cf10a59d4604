-- exit 1
-- Two virtual machines on three cores share too few frames: the hypervisor takes pages away all the time. A machine never
-- sees what another one has stored; with a stage-2 table that forgets the TLBs it does.
local TABLES <const>, MEMORY <const>, VA <const> = 0x40000000, 0x80000000, 0x400000
local PAGES <const>, FRAMES <const>, ROUNDS <const> = 6, 7, 300
local m = machine { cores = 3, seed = 7, memory = { size = "64M" }, record = "all",
                    walk_cache = { t = { holds = "tables" }, s = { holds = "stage2-tables" }, i = { holds = "ipa" } } }

local free = {}
for _ = 1, FRAMES do free[#free + 1] = m:frames("4K") end

-- Machines 1 and 2 have a right table, 3 and 4 one that is wrong.
local machines = {}
for number = 1, 4 do
  local name = number <= 2 and "radix" or "radix-forgets-invalidation"
  local vm = m:address_space { table = name, format = "vmsa-s2-4k-39", vmid = number }
  vm:premap(TABLES, m:frames("64K"), "4K", "rw-", 16)
  local as = m:address_space { format = "vmsa-4k-39", asid = 1, stage2 = vm, tables = { base = TABLES, size = "64K" } }
  as:premap(VA, MEMORY, "4K", "rw-u", PAGES)
  machines[number] = { number = number, table = name, vm = vm, guest = as, pages = {} }
end

local stolen, leaks = 0, 0

-- A free frame, or one that some page of the two machines has to give up.
local function frame_for(core, pair)
  if #free > 0 then return table.remove(free) end
  while true do
    local from = pair[core:random(2)]
    local ipa = MEMORY + (core:random(PAGES) - 1) * 4096
    local frame = from.pages[ipa]
    if frame then
      from.pages[ipa] = nil                            -- nobody else takes it
      from.vm:unmap(core, ipa)
      stolen = stolen + 1
      return frame
    end
    core:wait(10)
  end
end

local function run(core, own, pair)
  core:switch(own.guest)
  core:on_fault(function(_, fault)
    local ipa = page(fault.ipa)
    local frame = frame_for(core, pair)
    core:write(frame, 0)
    core:dsb("ishst")
    if own.vm:map(core, ipa, frame, "4K", "rw-") then own.pages[ipa] = frame else free[#free + 1] = frame end
    return true
  end)
  for round = 1, ROUNDS do
    local va = VA + (core:random(PAGES) - 1) * 4096
    if core:random(2) == 1 then
      core:store(va, own.number << 56 | round)
    else
      local value = core:load(va)
      if value and value ~= 0 and value >> 56 ~= own.number then leaks = leaks + 1 end
    end
  end
end

for number = 1, 3 do
  m.core[number]:program(function(core)
    for _, pair in ipairs { { machines[1], machines[2] }, { machines[3], machines[4] } } do
      m:barrier("begin")
      run(core, pair[number == 3 and 2 or 1], pair)
      m:barrier("end")
      if number == 1 then
        print("radix" == pair[1].table and "right:" or "wrong:", stolen .. " pages taken away", leaks .. " values leaked")
        for _, one in ipairs(pair) do
          for ipa = MEMORY, MEMORY + (PAGES - 1) * 4096, 4096 do free[#free + 1] = one.pages[ipa] end
        end
        stolen, leaks = 0, 0
      end
    end
  end)
end
