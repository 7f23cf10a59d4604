-- exit 2
-- Keys are read in the order of their names: of two mistakes it is always the same that is told.
local m = machine {
  walker = { slots = 0 },
  tlb = { l2 = { ways = 0 }, l1d = { wais = 4, entries = -1 } },
  bus = { occupancy = 1 },
}
