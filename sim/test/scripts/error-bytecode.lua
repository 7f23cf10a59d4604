-- exit 2
local m = machine {}
assert(load(string.dump(function() end)))
