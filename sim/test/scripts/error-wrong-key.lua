-- exit 2
local m = machine {
  cores = 1,
  tlb = { l1d = { entires = 64 } },
}
