return {
  cores = 2,
  tlb = {
    l1d = { entries = 8, ways = 8 },
    l2 = {
      entries = 64,
      wayz = 4,
    },
  },
}
