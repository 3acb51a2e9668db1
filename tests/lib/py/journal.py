# SPDX-License-Identifier: Apache-2.0
# journal.py SOCKET FILE: a journal for tests: each entry it is sent goes to FILE as journalctl -o export has it.
import os
import socket
import sys
import time

where, out = sys.argv[1:]
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(where)
os.chmod(where, 0o666)
while True:
    entry = s.recv(1 << 20).decode()
    with open(out, "a") as f:
        f.write("__REALTIME_TIMESTAMP=%d\n%s\n" % (time.time() * 1e6, entry))
