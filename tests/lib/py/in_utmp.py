# SPDX-License-Identifier: Apache-2.0
# in_utmp.py USER: is USER logged in by /run/utmp? who(1) may ask logind instead.
import struct
import sys

with open("/run/utmp", "rb") as f:
    data = f.read()
for at in range(0, len(data), 384):
    kind, user = struct.unpack_from("<h42x32s", data, at)
    if kind == 7 and user.rstrip(b"\0").decode() == sys.argv[1]:
        sys.exit(0)
sys.exit(1)
