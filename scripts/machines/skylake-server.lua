-- Intel Skylake server (Xeon Scalable, 1st generation), one thread a core.
--
-- The MMU is the client's: McCalpin, Intel community forum, answer of 2022 to "TLB information provided by cpuid", on
-- table 2-15 of Intel 248966-045. The caches differ:
-- ORM: Intel 248966-045, Optimization Reference Manual, 2022, section on the Skylake server microarchitecture.
-- AT: Cutress, The Intel Skylake-X Review, AnandTech, June 2017, page 4 (table of caches).
return {
  preset = "skylake",
  summary = "Intel Skylake server: the client's MMU, a second-level cache of 1 MiB, a third that does not include it",
  cores = 4, -- ours, for short runs; products have up to 28 (Xeon Platinum 8180)

  cache = {
    l2 = {
      size = "1M", -- the core's own: ORM; AT
      ways = 16, -- ORM; AT
      latency = 9, -- 11 to 13, 4 of them in the first level: AT
    },
    l3 = {
      size = "5632K", -- 1.375 MiB a core: ORM; AT
      ways = 11, -- ORM; AT
      latency = 64, -- 77, 13 of them in the levels in front: AT
      replacement = "lru", -- not public; of 11 ways a tree cannot be balanced
    },
  },
}
