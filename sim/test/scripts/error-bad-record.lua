-- exit 2
local m = machine { record = "everything" }
