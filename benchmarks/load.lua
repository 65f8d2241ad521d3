-- wrk: sends the requests of a file one after the other ("NNNNNNNN\n" before each, its bytes); with a second argument again
-- and again, else until the file is used up. Prints one line of JSON.
local records, place, again = {}, 0, false

function init(args)
  local file = assert(io.open(args[1], "rb"))
  again = args[2] ~= nil
  while true do
    local head = file:read(9)
    if not head then break end
    records[#records + 1] = file:read(tonumber(head:sub(1, 8)))
  end
  file:close()
end

function request()
  place = place + 1
  if place > #records then
    if again then place = 1 else wrk.thread:stop(); place = #records end
  end
  return records[place]
end

function done(summary, latency, requests)
  local e = summary.errors
  io.write(string.format(
    '{"requests": %d, "seconds": %.3f, "failed": %d, "p50": %.2f, "p99": %.2f, "max": %.2f}\n',
    summary.requests, summary.duration / 1e6, e.connect + e.read + e.write + e.status + e.timeout,
    latency:percentile(50) / 1e3, latency:percentile(99) / 1e3, latency.max / 1e3))
end
