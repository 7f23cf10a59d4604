-- Many pages come and go while two other cores use them, and while another space takes the memory that becomes free: the
-- table is resized, probes collide, pages make room, nodes split and merge.
-- arg[1]: the table; arg[2]: how many pages; the last one: whether hardware walks for nobody.
local m = machine {
  cores = 3, record = "all", memory = { size = "64M" },
  adversary = arg[#arg] == "adversary" and { period = 40 } or nil,
}
local as = m:address_space { table = arg[1], aliasing = true }
local other = m:address_space { table = arg[1], aliasing = true }
local BASE, PAGES = 0x40000000, tonumber(arg[2])
local frame = m:frames("1M")
local done = false

local function page_at(i) return BASE + i * 0x1000 end
local function frame_at(i) return frame + (i * 7 % PAGES) * 0x1000 end

m.core[1]:program(function(core)
  core:switch(as)
  for i = 0, PAGES - 1 do as:map(core, page_at(i), frame_at(i), "4K", "rw-u") end
  for i = 0, PAGES - 1, 2 do as:protect(core, page_at(i), "r--u") end
  for i = 0, PAGES - 1, 3 do as:unmap(core, page_at(i)) end
  for i = 0, PAGES - 1, 6 do as:map(core, page_at(i), frame_at(i), "4K", "rw-u") end
  for i = 0, PAGES - 1 do if i % 3 ~= 0 then as:unmap(core, page_at(i)) end end
  done = true
end)

m.core[2]:program(function(core)
  core:switch(as)
  local i = 0
  repeat
    core:store(page_at(i), i)
    i = (i + 5) % PAGES
  until done
  for k = 0, PAGES - 1 do core:load(page_at(k)) end
end)

m.core[3]:program(function(core)
  core:switch(other)
  local i = 0
  repeat
    other:map(core, page_at(i), frame_at(i + 1), "4K", "rw-u")
    i = (i + 1) % PAGES
  until done or i == 0
end)
