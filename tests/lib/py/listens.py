# SPDX-License-Identifier: Apache-2.0
# Listens on the socket named, and answers nobody.
import socket, sys, time

s = socket.socket(socket.AF_UNIX)
s.bind(sys.argv[1])
s.listen(5)
time.sleep(600)
