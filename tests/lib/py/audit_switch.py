# SPDX-License-Identifier: Apache-2.0
# The kernel's audit on (1) or off (0), as auditctl -e does it. Usage: audit_switch.py 0|1
import socket
import struct
import sys

AUDIT_SET, REQUEST_ACK, NETLINK_AUDIT = 1001, 1 | 4, 9
status = struct.pack("=11I", 1, int(sys.argv[1]), *[0] * 9)
s = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_AUDIT)
s.sendto(struct.pack("=IHHII", 16 + len(status), AUDIT_SET, REQUEST_ACK, 1, 0) + status, (0, 0))
sys.exit(struct.unpack_from("=i", s.recv(8192), 16)[0] != 0)
