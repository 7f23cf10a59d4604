return {
  cores = 2
  window = 1
}
