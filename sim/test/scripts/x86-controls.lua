-- Keys, write protection, SMAP and SMEP of a running core: who may do what on x86, and the error code of who may not.
local m = machine { memory = { size = "64M" }, record = "all" }
local as = m:address_space { format = "x86-64-48", asid = 1, controls = { pke = true, pkru = 0 } }
as:premap(0x400000, m:frames("4K"), "4K", "rw-uk3")
as:premap(0x401000, m:frames("4K"), "4K", "r--")
as:premap(0x402000, m:frames("4K"), "4K", "rw-u")
as:premap(0x403000, m:frames("4K"), "4K", "r-xu")
local function try(what, ok, f) print(what, f and f.report or ok) end
m.core[1]:program(function(core)
  core:switch(as)
  try("key 3", core:store(0x400000, 1))
  core:control { pkru = 2 << 6 }
  try("key 3, WD, load", core:load(0x400000))
  try("key 3, WD", core:store(0x400000, 1))
  core:control { pkru = 1 << 6 }
  try("key 3, AD", core:load(0x400000))
  core:privilege("kernel")
  try("WP", core:store(0x401000, 1))
  core:control { wp = false }
  try("no WP", core:store(0x401000, 1))
  try("no WP again", core:store(0x401000, 1))
  try("no SMAP", core:load(0x402000))
  core:control { smap = true }
  try("SMAP", core:load(0x402000))
  core:control { ac = true }
  try("SMAP, AC", core:load(0x402000))
  try("SMEP", core:fetch(0x403000))
  core:control { smep = false }
  try("no SMEP", core:fetch(0x403000))
end)
