# SPDX-License-Identifier: Apache-2.0
# Prints which of the sockets named can be connected to.
import socket, sys

for path in sys.argv[1:]:
    try:
        socket.socket(socket.AF_UNIX).connect(path)
        print(path)
    except OSError:
        pass
