-- exit 2
local m = machine { record = "all", memory = { size = "64M" } }
local as = m:address_space {}
m.core[1]:program(function(core)
  core:switch(as)
  core:run(stream.trace { path = "../../../traces/samples/gzip.x86_64.lackey.xz", skip = 30000 })
end)
