return {
  cores = 2,
  record = "all",
}
