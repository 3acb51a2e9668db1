# SPDX-License-Identifier: Apache-2.0
# score.py FILE EXPRESSION: of the counts d of STATE/score.1, read by their layout (src/state/score.h).
import struct
import sys

CODES, RECENT, CAUSES, BUCKETS, ROWS = 32, 12, 24, 12, 48
data = open(sys.argv[1], "rb").read()
at = 0


def take(form):
    global at
    values = struct.unpack_from("<" + form, data, at)
    at += struct.calcsize("<" + form)
    return values


def some(values):
    return {i: n for i, n in enumerate(values) if n}


d = {"magic": take("16s")[0], "since": take("q")[0], "refused": some(take("%dQ" % CODES))}
take("%dI" % (CODES * RECENT * 2))
d["why"] = some(take("%dQ" % CAUSES))
d["calls"], d["sweeps"], d["failed"], d["swept_rooms"], d["swept"] = take("QQQQq")
d["open"] = [take("%dQQ" % BUCKETS)[:BUCKETS] for i in range(2)]
d["rows"] = []
for i in range(ROWS):
    policy, service, opened, closed, rooms, seconds, cpu = take("64s64sQQQQQ")
    if service[0]:
        d["rows"].append((policy.split(b"\0")[0].decode(), service.split(b"\0")[0].decode(), opened, closed, rooms))
assert at == len(data), (at, len(data))
print(eval(sys.argv[2]))
