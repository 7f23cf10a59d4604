-- exit 2
local m = machine {}
io.open("/etc/passwd")
