-- What the rights forbid faults, for user and kernel, and does not happen.
local m = machine { record = "all", memory = { size = "64M" } }
local as = m:address_space {}
local pages = { ["r--u"] = 0x400000, ["rw-u"] = 0x401000, ["r-xu"] = 0x402000, ["rwxu"] = 0x403000,
  ["r--"] = 0x404000, ["rw-"] = 0x405000, ["r-x"] = 0x406000 }
for rights, va in pairs(pages) do as:premap(va, m:frames("4K"), "4K", rights) end

m.core[1]:program(function(core)
  core:switch(as)
  for rights, va in pairs(pages) do
    for _, privilege in ipairs { "user", "kernel" } do
      local how = { privilege = privilege }
      local _, load = core:load(va, how)
      local _, store = core:store(va, 1, how)
      local _, fetch = core:fetch(va, how)
      print(rights, privilege, "load", load or "fine", "store", store or "fine", "fetch", fetch or "fine")
    end
  end
  core:privilege("kernel")
  print("kernel", core:load(pages["rw-"]))
  core:privilege("user")
  print("user", core:load(pages["rw-"]))
end)
