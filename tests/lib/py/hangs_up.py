# SPDX-License-Identifier: Apache-2.0
# hangs_up.py SOCKET COUNT: takes connections there, as the supervisor of a room does, and hangs up on so many without a word;
# then it is gone, and the socket's name stays.
import os, socket, sys

here = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
os.chdir(os.path.dirname(sys.argv[1]))
here.bind(os.path.basename(sys.argv[1]))
here.listen(8)
for _ in range(int(sys.argv[2])):
    here.accept()[0].close()
