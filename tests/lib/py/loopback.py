# SPDX-License-Identifier: Apache-2.0
# Prints what a server on 127.0.0.1 sends to its client.
import socket

s = socket.create_server(("127.0.0.1", 0))
c = socket.create_connection(s.getsockname())
a, _ = s.accept()
a.send(b"ok")
print(c.recv(2).decode())
