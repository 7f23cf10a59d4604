-- Hit rates of one core's TLBs for pages chosen by Zipf's law, after a warm-up.
--
-- The region (256 MiB) is far larger than the second level reaches (1,536 entries of 4 KiB are 6 MiB), so the hit
-- rates are those of the popular pages. m:warmup() sets the counters to zero and keeps what the TLBs hold: the
-- region "after warm-up" is the measurement. Arguments: the skew (0.99), the pages' size ("4K" or "2M"), the
-- accesses (1,000,000).
--
--   mmusim run -f scripts/zipf.lua
--   mmusim run -f -o zipf-2M.db scripts/zipf.lua 0.99 2M
--   mmusim query zipf.db hit_rates
--   mmusim query zipf.db region_log

local skew = tonumber(arg[1] or 0.99) or error("the first argument is the skew, such as 0.99")
local page_size = arg[2] or "4K"
local accesses = math.tointeger(tonumber(arg[3] or 1000000)) or error("the third argument is the number of accesses")
local BASE, REGION = 0x40000000, size("256M")

local m = machine {
  cores = 1, record = "counters", memory = { size = "1G" },
  tlb = { l1d = { entries = 64, ways = 4 }, l2 = { entries = 1536, ways = 12, latency = 7 } },
}
local as = m:address_space {}
as:premap(BASE, m:frames(REGION), page_size, "rw-u", REGION // size(page_size))

m.core[1]:program(function(core)
  core:switch(as)
  local popular = stream.zipf { base = BASE, size = REGION, skew = skew, n = accesses, stores = 0.3 }
  core:run(popular, { window = 16 })
  m:warmup()
  local result = core:run(popular, { window = 16 })
  print(string.format("skew %.2f, pages of %s: %.2f cycles an access", skew, page_size,
    result.cycles / result.accesses))
end)
