-- Saves of many candidates in turn, one answer per request, as the terminal sends them.
local paths, leases, seqs = {}, {}, {}
local turn, slot = 0, 0
local labels = { "A", "B", "C", "D" }

function init(args)
  for line in io.lines(args[1]) do
    local path, lease, seq = line:match("(%S+) (%S+) (%d+)")
    paths[#paths + 1], leases[#leases + 1], seqs[#seqs + 1] = path, lease, tonumber(seq)
  end
end

function request()
  turn = turn % #paths + 1
  if turn == 1 then slot = slot % 100 + 1 end
  seqs[turn] = seqs[turn] + 1
  local body = string.format('{"saves":[{"slot":%d,"seq":%d,"response":["%s"]}]}', slot, seqs[turn], labels[slot % 4 + 1])
  return wrk.format("POST", paths[turn], { ["Content-Type"] = "application/json", ["Ankao-Lease"] = leases[turn] }, body)
end

function done(summary, latency)
  local errors = summary.errors
  local broken = errors.connect + errors.read + errors.write + errors.status + errors.timeout
  io.write(string.format('\n{"requests":%d,"errors":%d,"seconds":%.6f,"p50_ms":%.3f,"p99_ms":%.3f}\n',
    summary.requests, broken, summary.duration / 1e6, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3))
end
