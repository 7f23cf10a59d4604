-- A buffered store must not outlive the acknowledgement of the unmap of its page: the frame's new owner would see it written.
local m = machine {
  cores = 2, record = "all", memory = { size = "64M" }, store_buffer = { depth = 4, drain = 3000 },
}
local as = m:address_space { table = "radix", aliasing = true }
local PAGE, OTHER = 0x400000, 0x402000
local frame = m:frames("4K")
as:premap(PAGE, frame, "4K", "rw-u")
as:premap(OTHER, frame, "4K", "rw-u")          -- where the frame's new owner sees it

m.core[1]:program(function(core)
  core:switch(as)
  core:load(OTHER)
  m:barrier("ready")
  as:unmap(core, PAGE)
  for _ = 1, 2 do
    print("core 1: the frame's new owner reads " .. core:load(OTHER))
    core:wait(3000)
  end
end)

m.core[2]:program(function(core)
  core:switch(as)
  core:load(PAGE)
  m:barrier("ready")
  core:wait(2000)                              -- so that it is in the buffer when the invalidation comes
  core:store(PAGE, 42)
end)
