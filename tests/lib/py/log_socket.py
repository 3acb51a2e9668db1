# SPDX-License-Identifier: Apache-2.0
# The socket named, as a log has it: it takes datagrams, and somebody is connected to it.
import os, socket, sys, time

log, sender = (socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) for _ in range(2))
log.bind(sys.argv[1])
sender.connect(sys.argv[1])
os.chmod(sys.argv[1], 0o666)
time.sleep(600)
