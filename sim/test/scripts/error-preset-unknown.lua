-- exit 2
local m = machine { preset = "cortex-a57" }
