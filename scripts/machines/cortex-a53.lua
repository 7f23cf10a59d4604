-- Arm Cortex-A53, a cluster of four.
--
-- TRM: Arm DDI 0500, Cortex-A53 MPCore Processor Technical Reference Manual, issues D to G; sections agree in all.
-- CAQA: Hennessy and Patterson, Computer Architecture: A Quantitative Approach, 6th edition, section 2.6.
-- What has no source is not public and stays at mmusim's default.
--
-- Not modelled: any maintenance of the main TLB empties both micro TLBs (TRM 5.2.1); a block of 1 GiB stands in the
-- main TLB as pieces of 512 MiB (TRM 5.2.2), here as one entry.
return {
  summary = "Arm Cortex-A53: micro TLBs, one main TLB, a walk cache and an IPA cache; in order",
  cores = 4, -- one to four in a cluster: TRM 1.1
  ordering = "arm",

  tlb = {
    l1i = {
      entries = 10, -- instruction micro TLB: TRM 5.2.1
      ways = 10, -- fully associative: TRM 5.1
    },
    l1d = {
      entries = 10, -- data micro TLB: TRM 5.2.1
      ways = 10, -- fully associative: TRM 5.1
    },
    l2 = {
      entries = 512, -- unified main TLB: TRM 5.2.2
      ways = 4, -- TRM 5.2.2
      latency = 2, -- miss of a micro TLB that hits here: CAQA; varies with page sizes and contention: TRM 5.2.2
    },
  },

  walk_cache = {
    walk = {
      holds = "tables", -- stage 1 up to, and not including, the last level: TRM 5.2.4
      entries = 64, -- TRM 5.1
      ways = 4, -- TRM 5.1
      sizes = { "2M" }, -- what a last-level table of 4 KiB pages covers: follows from 5.2.4
    },
    ipa = {
      holds = "ipa", -- whole stage-2 translations: TRM 5.2.3
      entries = 64, -- TRM 5.1
      ways = 4, -- TRM 5.1
    },
  },

  cache = {
    line = 64, -- TRM 2.1.7 and chapter 6
    l1 = {
      size = "32K", -- 8 to 64 KiB are possible: TRM, implementation options; which of them is our choice
      ways = 4, -- data cache: TRM chapter 6
    },
    l2 = {
      size = "512K", -- 128 KiB to 2 MiB are possible: TRM 2.1.7; which of them is our choice
      ways = 16, -- TRM 2.1.7
      latency = 13, -- miss of the first level that hits here: CAQA
      shared = true, -- by the cores of the cluster: TRM 2.1.7
    },
  },

  memory = { latency = 124 }, -- miss of the second level: CAQA; the system's rather than the core's
  invalidation = { scheme = "broadcast" }, -- TLBI ... IS: Arm DDI 0487, TLB maintenance instructions
}
