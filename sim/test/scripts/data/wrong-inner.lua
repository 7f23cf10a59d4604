return {
  cores = 2,
  preset = "./data/wrong-key.lua",
}
