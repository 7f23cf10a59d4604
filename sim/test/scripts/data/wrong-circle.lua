return {
  preset = "./data/wrong-circle.lua",
}
