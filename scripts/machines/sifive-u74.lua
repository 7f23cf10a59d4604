-- SiFive U74, the four application cores of an FU740-C000.
--
-- MAN: SiFive FU740-C000 Manual v1p2, 2021, chapter on the U74 core, sections on virtual memory and data memory.
-- DTS: Linux, arch/riscv/boot/dts/sifive/fu740-c000.dtsi.
-- RC: Rocket, the open generator from which the core descends (chipsalliance/rocket-chip, src/main/scala/rocket).
-- What has no source is not public and stays at mmusim's default; so are all times.
return {
  summary = "SiFive U74: two fully associative first-level TLBs, a direct-mapped second level; in order",
  cores = 4, -- U74 cores of the FU740: MAN; DTS
  ordering = "riscv",
  format = "sv39", -- MAN, section on virtual memory. A and D bits are software's: as Rocket's, FreeBSD review D17424

  tlb = {
    l1i = {
      entries = 40, -- MAN; DTS i-tlb-size
      ways = 40, -- fully associative: MAN; DTS i-tlb-sets
    },
    l1d = {
      entries = 40, -- MAN; DTS d-tlb-size
      ways = 40, -- fully associative: MAN; DTS d-tlb-sets
    },
    l2 = {
      entries = 512, -- unified: MAN
      ways = 1, -- direct-mapped, as is the default of RC (nL2TLBWays)
      sizes = { "4K" }, -- not public for the U74; RC keeps last-level pages alone (PTW.scala, l2_refill)
    },
  },
  walker = { slots = 1 }, -- not public for the U74; RC has one walk at a time (PTW.scala, s_ready)

  cache = {
    line = 64, -- DTS d-cache-block-size
    walker = 1, -- not public for the U74; RC's walker reads through the data cache (PTW.scala, io.mem)
    l1 = {
      size = "32K", -- DTS d-cache-size
      ways = 8, -- 64 sets: DTS d-cache-sets
    },
    l2 = {
      size = "2M", -- DTS cache-size
      ways = 16, -- 2048 sets: DTS cache-sets
      shared = true, -- DTS next-level-cache
    },
  },

  -- SFENCE.VMA acts on its own hart: RISC-V Privileged Architecture 20211203, section 4.2.1
  invalidation = { scheme = "interrupt" },
  shootdown = { batch = 64 }, -- one interrupt for all pages of a range, as operating systems do; our choice
}
