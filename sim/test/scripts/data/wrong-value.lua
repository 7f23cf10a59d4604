return {
  tlb = { l1d = { entries = 8, ways = 8 } },
  memory = { size = "64M",
             latency = 0 },
}
