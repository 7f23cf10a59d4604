-- Rocket, as its generator makes it by default: a single core in order.
--
-- RC: chipsalliance/rocket-chip, src/main/scala/rocket. Comments name DCacheParams of HellaCache.scala, ICacheParams
-- of ICache.scala, RocketCoreParams of RocketCore.scala, and TLB.scala and PTW.scala. Times are not stated there as
-- numbers and stay at mmusim's defaults.
--
-- Not modelled: a first-level entry holds four neighbouring 4 KiB pages (nTLBBasePageSectors), here each page has its
-- own; the walker's cache is looked up at each step by the address of a page-table entry, here once a walk by virtual
-- address.
return {
  summary = "Rocket: 32 + 4 entries on each side, no second level, a walker with a cache of 8 table entries; in order",
  cores = 1, -- src/main/scala/system/Configs.scala: DefaultConfig
  ordering = "riscv",
  asid_bits = 0, -- ASIdBits = 0: software fences when it switches
  format = "sv39", -- PTW.scala, pgLevels. A and D bits are software's: FreeBSD review D17424

  tlb = {
    l1i = {
      entries = 32, -- ICacheParams.nTLBWays
      ways = 32, -- ICacheParams.nTLBSets = 1
      replacement = "tree-plru", -- TLB.scala, PseudoLRU
      sizes = { "4K" }, -- TLB.scala, sectored_entries
      hit_under_miss = false, -- requests wait unless state is s_ready: TLB.scala
    },
    l1i_super = {
      entries = 4, -- ICacheParams.nTLBSuperpages
      ways = 4, -- TLB.scala, superpage_entries
      replacement = "tree-plru", -- TLB.scala, PseudoLRU
      sizes = { "2M", "1G" }, -- TLB.scala, superpage_entries
      hit_under_miss = false, -- as l1i
    },
    l1d = {
      entries = 32, -- DCacheParams.nTLBWays
      ways = 32, -- DCacheParams.nTLBSets = 1
      replacement = "tree-plru", -- TLB.scala, PseudoLRU
      sizes = { "4K" }, -- TLB.scala, sectored_entries
      hit_under_miss = false, -- requests wait unless state is s_ready: TLB.scala
    },
    l1d_super = {
      entries = 4, -- DCacheParams.nTLBSuperpages
      ways = 4, -- TLB.scala, superpage_entries
      replacement = "tree-plru", -- TLB.scala, PseudoLRU
      sizes = { "2M", "1G" }, -- TLB.scala, superpage_entries
      hit_under_miss = false, -- as l1d
    },
    l2 = false, -- RocketCoreParams.nL2TLBEntries = 0
  },
  walker = {
    slots = 1, -- PTW.scala takes a request in state s_ready alone
    misses = 2, -- one of each side: TLB.scala, r_refill_tag
  },

  walk_cache = {
    pte = {
      holds = "tables", -- PTW.scala, makePTECache: entries that lead to further tables
      entries = 8, -- RocketCoreParams.nPTECacheEntries
      ways = 8, -- PTW.scala, makePTECache
      replacement = "tree-plru", -- PTW.scala, PseudoLRU
    },
  },

  cache = {
    line = 64, -- DCacheParams.blockBytes
    walker = 1, -- PTW.scala, io.mem is a port of the data cache
    l1 = {
      size = "16K", -- DCacheParams: 64 sets of 4 ways
      ways = 4, -- DCacheParams.nWays
      replacement = "random", -- DCacheParams.replacementPolicy
    },
  },

  -- SFENCE.VMA acts on its own hart: RISC-V Privileged Architecture 20211203, section 4.2.1
  invalidation = { scheme = "interrupt" },
  shootdown = { batch = 64 }, -- one interrupt for all pages of a range, as operating systems do; our choice
}
