-- exit 2
local m = machine { walk_cache = { a = {}, b = {}, c = {}, d = {}, e = {}, f = {}, g = {}, h = {}, i = {} } }
