-- Core 2 uses every page of runs of contiguous entries, which core 1 protects and unmaps. With arg[#arg] "adversary" the TLBs hold
-- the entries of a run one by one.
local m = machine {
  cores = 2, record = "all", memory = { size = "64M" },
  adversary = arg[#arg] == "adversary" and { period = 1000000, split = true } or nil,
}
local as = m:address_space {}
local BASE, RUN, PAGES = 0x40000000, 0x10000, 16
for run = 0, 1 do as:premap(BASE + run * RUN, m:frames("64K"), "64K", "rw-u") end

m.core[1]:program(function(core)
  core:switch(as)
  m:barrier("used")
  as:protect(core, BASE, "r--u")
  as:unmap(core, BASE + RUN)
  m:barrier("changed")
end)

m.core[2]:program(function(core)
  core:switch(as)
  for page = 0, 2 * PAGES - 1 do core:store(BASE + page * 4096, page) end
  m:barrier("used")
  m:barrier("changed")
  for page = 0, 2 * PAGES - 1 do core:load(BASE + page * 4096) end
end)
