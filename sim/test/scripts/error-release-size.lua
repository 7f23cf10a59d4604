-- exit 2
local m = machine { memory = { size = "64M" } }
for _, frame in ipairs { { 0, "4K" }, { 1 << 30, "4K" }, { 4096, 1 << 62 }, { 4096, "8K" }, { 4096, "1K" } } do
  print(pcall(m.release_frames, m, table.unpack(frame)))
end
m:release_frames(0, 1 << 50)
