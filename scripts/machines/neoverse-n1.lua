-- Arm Neoverse N1.
--
-- TRM: Arm 100616, Neoverse N1 Core Technical Reference Manual, chapter A5 (memory management unit).
-- A76: Arm 100798_0300, Cortex-A76 Core Technical Reference Manual, chapter A5; the MMU of this sibling is the same.
-- HC31: Pellegrini and Abernathy, Arm Neoverse N1 Cloud-to-Edge Infrastructure SoCs, Hot Chips 31, 2019.
-- What has no source is not public and stays at mmusim's default.
--
-- Not modelled: the first level takes pages of 4 KiB to 32 MiB (instructions) and 4 KiB to 512 MiB (data), larger ones
-- in pieces (TRM A5.2); here one entry holds the whole page. The second level also holds stage-2 translations and
-- intermediate results of walks (A76 A5.2.3); they share its entries there, and are not cached here.
return {
  summary = "Arm Neoverse N1: two fully associative first-level TLBs, 1280 entries behind them; out of order",
  cores = 4, -- ours, for short runs; products have many more (AWS Graviton2: 64)
  ordering = "arm",

  tlb = {
    l1i = {
      entries = 48, -- TRM A5.2.1; HC31
      ways = 48, -- fully associative: TRM A5.2.1; HC31
      latency = 1, -- A76 A5.2.1
    },
    l1d = {
      entries = 48, -- TRM A5.2.2; HC31
      ways = 48, -- fully associative: TRM A5.2.2; HC31
      latency = 1, -- A76 A5.2.2
    },
    l2 = {
      entries = 1280, -- shared by both sides: TRM A5.2.3; HC31
      ways = 5, -- TRM A5.2.3; HC31
      latency = 3, -- usually; longer for another page size than the last: A76 A5.2.3
      sizes = { "4K", "16K", "64K", "2M", "32M", "512M", "1G" }, -- A76 A5.2.3
      hit_under_miss = true, -- look-ups go on while walks are under way: A76 A5.2.3
    },
  },
  walker = {
    slots = 4, -- table walks at a time: A76 A5.2.3
    misses = 6, -- with as many misses in a row it stalls: A76 A5.2.3
  },

  cache = {
    line = 64, -- TRM chapter A6
    l1 = {
      size = "64K", -- data cache: HC31
      ways = 4, -- HC31
      latency = 4, -- load to use: HC31
    },
    l2 = {
      size = "1M", -- the core's own; 256 KiB to 1 MiB are possible: HC31; which of them is our choice
      ways = 8, -- HC31
      latency = 5, -- 9 to 11 load to use, 4 of them in the first level: HC31
    },
  },

  invalidation = { scheme = "broadcast" }, -- TLBI ... IS: Arm DDI 0487, TLB maintenance instructions
}
