-- What attributes formats keep: keys, memory that is not cached, devices.
local m = machine { memory = { size = "64M" } }
local LISTS = {
  ["x86-64-48"] = { "rw-uk15", "r-xu", "rw-un", "rw-d", "rw-g" },
  ["sv39"] = { "rw-u", "--xu", "rw-un", "rw-d", "rw-g" },
  ["vmsa-4k-48"] = { "rw-u", "r-xu", "rw-un", "rw-d", "rw-g" },
}
for _, format in ipairs { "x86-64-48", "sv39", "vmsa-4k-48" } do
  local as = m:address_space { format = format }
  for i, attributes in ipairs(LISTS[format]) do as:premap(0x400000 + 4096 * i, m:frames("4K"), "4K", attributes) end
  local found = {}
  for _, mapping in ipairs(as:interpret()) do found[#found + 1] = mapping.attributes end
  print(format, table.concat(found, " "))
end
