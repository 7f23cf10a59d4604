-- A preset of a user's own.
local FIRST = 2 -- cycles of the first level

return {
  summary = "one entry, and a second level behind it",
  cores = 2,
  tlb = {
    l1d = { entries = 1, ways = 1, latency = FIRST },
    l2 = { entries = 16, ways = 16, latency = 5 },
  },
}
