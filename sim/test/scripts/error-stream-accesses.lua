-- exit 2
machine { memory = { size = "64M" } }
print(pcall(stream.sequential, { base = 0, size = "4K", n = 10, bytes = 65544 }))
print(pcall(stream.trace, { path = "none.mtrace", skip = -1 }))
stream.sequential { base = 0, size = "4K", n = -5 }
