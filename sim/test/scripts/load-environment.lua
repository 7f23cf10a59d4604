-- load as Lua has it: a name, a mode, and an environment of its own.
machine { memory = { size = "64M" } }
local own = { answer = 42 }
print(load("return answer", "chunk", "t", own)())
print(pcall(load("return answer")))
print(load("syntax error", "=here"))
