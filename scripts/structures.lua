-- What a structure of page tables costs: the same pages, the same work, with a radix table, a hashed one, elastic
-- cuckoo tables or a range table. One structure a run; a comparison is a loop of the shell:
--
--   for table in radix radix-keeps-tables hashed cuckoo ranges; do
--     mmusim run -q --record counters -f -o structures-$table.db scripts/structures.lua $table
--   done
--
-- The second argument says how physical memory is: "scattered" (default; each page somewhere else) or "whole" (one piece,
-- which the range table maps as one range, and the range TLB beside the second level serves all of).

local TABLE, MEMORY = arg[1] or "radix", arg[2] or "scattered"
local BASE, PAGES, WORK = 0x40000000, 4096, 5000

local m = machine {
  memory = { size = "1G" }, record = "counters",
  range_tlb = TABLE == "ranges" and { entries = 32 } or nil,
}
local as = m:address_space { table = TABLE }
local frames = m:frames("16M")
for i = 0, PAGES - 1 do
  local frame = MEMORY == "whole" and i or i * 1231 % PAGES  -- 1231 is prime: no page follows another
  as:premap(BASE + 4096 * i, frames + 4096 * frame, "4K", "rw-u")
end

m.core[1]:program(function(core)
  core:switch(as)
  local random = core:run(stream.uniform { base = BASE, size = "16M", n = WORK })
  m:region("page-table code")
  local free, begin = m:frames("256K"), core:now()
  for i = 0, 63 do as:map(core, 0x80000000 + 8192 * i, free + 4096 * (i ~ 1), "4K", "rw-u") end
  local mapped = core:now()
  for i = 0, 63 do as:unmap(core, 0x80000000 + 8192 * i) end
  print(("%-18s %6.1f cycles a random load, %7.1f a map, %7.1f an unmap"):format(TABLE, random.cycles / WORK,
        (mapped - begin) / 64, (core:now() - mapped) / 64))
end)
