local cores = 2
