-- Arm Cortex-A72, a cluster of four.
--
-- TRM: Arm 100095, Cortex-A72 MPCore Processor Technical Reference Manual, issue 0002.
-- What has no source is not public and stays at mmusim's default; the TRM calls the second level's time variable.
--
-- Not modelled: the first level holds pages of 4 KiB, 64 KiB and 1 MiB, and larger ones in such pieces (TRM 5.2.1 and
-- 5.2.2); here one entry holds the whole page. The table walk caches behind the second level are not described.
return {
  summary = "Arm Cortex-A72: two fully associative first-level TLBs, 1024 entries behind them; out of order",
  cores = 4, -- one to four in a cluster: TRM 1.1
  ordering = "arm",

  tlb = {
    l1i = {
      entries = 48, -- TRM 5.2.1
      ways = 48, -- fully associative: TRM 5.2.1
    },
    l1d = {
      entries = 32, -- TRM 5.2.2
      ways = 32, -- fully associative: TRM 5.2.2
    },
    l2 = {
      entries = 1024, -- unified: TRM 5.2.3
      ways = 4, -- TRM 5.2.3
      sizes = { "4K", "64K", "1M", "2M", "16M", "512M", "1G" }, -- TRM 5.2.3
    },
  },

  cache = {
    line = 64, -- TRM chapter 6
    l1 = {
      size = "32K", -- data cache: TRM chapter 6
      ways = 2, -- TRM chapter 6
    },
    l2 = {
      size = "1M", -- 512 KiB to 4 MiB are possible: TRM chapter 7; which of them is our choice
      ways = 16, -- TRM chapter 7
      shared = true, -- by the cores of the cluster: TRM chapter 7
    },
  },

  invalidation = { scheme = "broadcast" }, -- TLBI ... IS: Arm DDI 0487, TLB maintenance instructions
}
