-- exit 2
local m = machine {}
m.core[1]:program(function(core)
  core:control { pan = true }
end)
