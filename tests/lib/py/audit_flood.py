# SPDX-License-Identifier: Apache-2.0
# Records for the kernel's audit, as fast as it takes them. Usage: audit_flood.py SECONDS
import socket
import struct
import sys
import time

TRUSTED_APP, REQUEST_ACK, NETLINK_AUDIT = 1121, 1 | 4, 9
text = b"op=flood " + b"x" * 500 + b"\0"
s = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_AUDIT)
end = time.monotonic() + float(sys.argv[1])
while time.monotonic() < end:
    s.sendto(struct.pack("=IHHII", 16 + len(text), TRUSTED_APP, REQUEST_ACK, 1, 0) + text, (0, 0))
