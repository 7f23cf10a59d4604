-- exit 2
-- A machine that could not be made is an error even if the script goes on.
print(pcall(machine, { record = "everything" }))
print(pcall(machine, {}))
