-- exit 2
local m = machine { asid_bits = 8 }
m:address_space { asid = 256 }
