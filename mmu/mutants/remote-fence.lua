-- RISC-V: a page table adds the right to store and invalidates nothing, as it may: faults are spurious until a fence. Core 2 has
-- loaded from the pages; then it is interrupted for a remote fence, and stores. arg[1] "range": one fence for all pages; "list":
-- one for each.
local m = machine {
  cores = 2, record = "all", ordering = "riscv", invalidation = { scheme = "interrupt" }, memory = { size = "64M" },
}
local as = m:address_space { format = "sv39", table = "radix-forgets-invalidation" }
local BASE, PAGES = 0x40000000, 5
as:premap(BASE, m:frames("32K"), "4K", "r--u", PAGES)

local fences = { { va = BASE, size = PAGES * 4096, asid = as } }
for page = 0, arg[1] == "list" and PAGES - 1 or -1 do fences[page + 1] = { va = BASE + page * 4096, asid = as } end

m.core[1]:program(function(core)
  core:switch(as)
  m:barrier("used")
  for page = 0, PAGES - 1 do as:protect(core, BASE + page * 4096, "rw-u") end
  core:ipi { cores = { 2 }, invalidations = fences, wait = true }
  m:barrier("fenced")
end)

m.core[2]:program(function(core)
  core:switch(as)
  for page = 0, PAGES - 1 do core:load(BASE + page * 4096) end
  m:barrier("used")
  m:barrier("fenced")
  for page = 0, PAGES - 1 do core:store(BASE + page * 4096, page) end
end)
