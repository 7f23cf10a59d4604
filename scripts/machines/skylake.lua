-- Intel Skylake client (6th generation Core), four cores, one thread each.
--
-- ORM: Intel 248966-045, Optimization Reference Manual, 2022, section on the Skylake client microarchitecture, with
--      its table of TLB parameters (2-15) and its table of cache parameters.
-- CAQA: Hennessy and Patterson, Computer Architecture: A Quantitative Approach, 6th edition, section 2.6, i7-6700.
-- SDM: Intel 325384, Software Developer's Manual, volume 3.
-- What has no source is not public and stays at mmusim's default.
--
-- The processor may have the paging-structure caches of SDM 4.10.3; their number of entries is not public. Those
-- below are our choice, small and fully associative: change them, or set them to false, to see what hangs on them.
return {
  summary = "Intel Skylake client: TLBs by page size, 1536 entries behind them, two walks at a time; out of order",
  cores = 4, -- Core i7-6700
  ordering = "x86",
  format = "x86-64-48", -- no 5-level paging: ORM. Its PCIDs of 12 bits tag the TLBs: SDM 4.10.1

  tlb = {
    l1i = {
      entries = 128, -- ORM 2-15
      ways = 8, -- ORM 2-15
      latency = 1, -- CAQA
      replacement = "tree-plru", -- pseudo-LRU: CAQA
      sizes = { "4K" }, -- ORM 2-15
    },
    l1i_2m = {
      entries = 8, -- for each thread: ORM 2-15
      ways = 8, -- fully associative: SDM volume 2, CPUID leaf 2, descriptor 76H
      sizes = { "2M", "4M" }, -- ORM 2-15; there is none for 1 GiB
    },
    l1d = {
      entries = 64, -- ORM 2-15
      ways = 4, -- ORM 2-15
      latency = 1, -- CAQA
      replacement = "tree-plru", -- pseudo-LRU: CAQA
      sizes = { "4K" }, -- ORM 2-15
    },
    l1d_2m = {
      entries = 32, -- ORM 2-15
      ways = 4, -- ORM 2-15
      sizes = { "2M", "4M" }, -- ORM 2-15
    },
    l1d_1g = {
      entries = 4, -- ORM 2-15
      ways = 4, -- ORM 2-15
      sizes = { "1G" }, -- ORM 2-15
    },
    l2 = {
      entries = 1536, -- both sides: ORM 2-15
      ways = 12, -- ORM 2-15
      latency = 9, -- CAQA; so do the top-down metrics of Linux perf count a hit (skylake, tma_dtlb_load)
      replacement = "lru", -- pseudo-LRU: CAQA; of 12 ways a tree cannot be balanced, and how it is done is not public
      sizes = { "4K", "2M", "4M" }, -- ORM 2-15
    },
    l2_1g = {
      entries = 16, -- ORM 2-15
      ways = 4, -- ORM 2-15
      latency = 9, -- as l2
      sizes = { "1G" }, -- ORM 2-15
    },
  },
  walker = { slots = 2 }, -- two page walks in parallel: ORM, Skylake client, cache and memory subsystem

  walk_cache = {
    pde = { holds = "tables", entries = 32, ways = 32, sizes = { "2M" } }, -- kind: SDM 4.10.3; geometry: our choice
    pdpte = { holds = "tables", entries = 4, ways = 4, sizes = { "1G" } }, -- kind: SDM 4.10.3; geometry: our choice
    pml4e = { holds = "tables", entries = 2, ways = 2, sizes = { "512G" } }, -- kind: SDM 4.10.3; geometry: our choice
  },

  cache = {
    line = 64, -- ORM, cache parameters
    walker = 1, -- page walks read the first level's data: SDM volume 3, event PAGE_WALKER_LOADS.DTLB_L1 of Haswell
    l1 = {
      size = "32K", -- data cache: ORM, cache parameters
      ways = 8, -- ORM, cache parameters
      latency = 4, -- ORM, cache parameters
      replacement = "tree-plru", -- pseudo-LRU: CAQA
    },
    l2 = {
      size = "256K", -- the core's own: ORM, cache parameters
      ways = 4, -- ORM, cache parameters
      latency = 8, -- 12, 4 of them in the first level: ORM, cache parameters
      replacement = "tree-plru", -- pseudo-LRU: CAQA
    },
    l3 = {
      size = "8M", -- 2 MiB a core: ORM, cache parameters
      ways = 16, -- ORM, cache parameters
      latency = 32, -- 44, 12 of them in the levels in front: ORM, cache parameters
      replacement = "tree-plru", -- pseudo-LRU: CAQA
      shared = true, -- ORM, cache parameters
    },
  },

  invalidation = { scheme = "interrupt" }, -- no instruction reaches another core's TLB: SDM 4.10.5
  shootdown = { batch = 64 }, -- one interrupt for all pages of a range, as operating systems do; our choice
}
