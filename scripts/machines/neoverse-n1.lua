-- Arm Neoverse N1.
--
-- TRM: Arm 100616_0401, Neoverse N1 Core Technical Reference Manual (older issues number chapter 6 as A5, 7 as A6).
-- HC31: Pellegrini and Abernathy, Arm Neoverse N1 Cloud-to-Edge Infrastructure SoCs, Hot Chips 31, 2019.
-- What has no source is not public and stays at mmusim's default.
--
-- Not modelled: the first level takes pages of 4 KiB to 32 MiB (instructions) and 4 KiB to 512 MiB (data), larger ones
-- in pieces (TRM 6.2); here one entry holds the whole page. The second level also holds stage-2 translations of blocks
-- and intermediate addresses of walks (TRM table 6-4), which share its entries there and are not cached here; it takes
-- longer where the page size is another than usual.
return {
  summary = "Arm Neoverse N1: two fully associative first-level TLBs, 1280 entries behind them; out of order",
  cores = 4, -- at most, in a cluster: TRM 3.1; systems have many clusters
  ordering = "arm",

  tlb = {
    conflict = "first", -- the core generates no conflict aborts: TRM 6.6.2; which entry it uses is not public
    l1i = {
      entries = 48, -- TRM 6.2.1
      ways = 48, -- fully associative: TRM 6.2.1
      latency = 1, -- TRM 6.2.1
    },
    l1d = {
      entries = 48, -- TRM 6.2.2
      ways = 48, -- fully associative: TRM 6.2.2
      latency = 1, -- TRM 6.2.2
    },
    l2 = {
      entries = 1280, -- for both sides: TRM table 6-4
      ways = 5, -- TRM table 6-4
      latency = 3, -- usually: TRM 6.2.3
      sizes = { "4K", "16K", "64K", "2M", "32M", "512M", "1G" }, -- TRM table 6-4
      hit_under_miss = true, -- look-ups go on while walks are in progress: TRM 6.3
    },
  },
  walker = {
    slots = 4, -- walks in parallel: TRM 6.3
    misses = 6, -- six successive ones stall the second level: TRM 6.3
  },

  cache = {
    line = 64, -- TRM 7.1
    walker = 1, -- walks in write-back memory look up the data cache: TRM 6.5.1
    l1 = {
      size = "64K", -- data cache: TRM 7.1
      ways = 4, -- TRM 7.1
      latency = 4, -- load to use: HC31
      replacement = "tree-plru", -- pseudo-LRU: TRM 7.1
    },
    l2 = {
      size = "1M", -- the core's own; 256 KiB to 1 MiB are possible: TRM table 2-1; which of them is our choice
      ways = 8, -- TRM 3.1.7
      latency = 5, -- 9 to 11 load to use, 4 of them in the first level: HC31
    },
  },

  invalidation = { scheme = "broadcast" }, -- TLBI ... IS: Arm DDI 0487, TLB maintenance instructions
}
