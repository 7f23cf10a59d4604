local cores = 2
io.write("here")
return { cores = cores }
