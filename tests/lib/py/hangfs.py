# SPDX-License-Identifier: Apache-2.0
# hangfs.py PLACE UID READY [PID]: a FUSE file system of that user's at PLACE, as that process sees it, whose server begins and
# then answers nothing: who looks at it waits in the kernel and cannot even be killed, once "took PID" is printed. READY is
# made when it stands. It ends with this process.
import ctypes
import os
import struct
import sys

INIT = 26

place, uid, ready = sys.argv[1], int(sys.argv[2]), sys.argv[3]
fd = os.open("/dev/fuse", os.O_RDWR)
libc = ctypes.CDLL(None, use_errno=True)
ready = os.open(os.path.dirname(ready), os.O_RDONLY), os.path.basename(ready)
if len(sys.argv) > 4 and libc.setns(os.open("/proc/%s/ns/mnt" % sys.argv[4], os.O_RDONLY), 0) != 0:
    raise OSError(ctypes.get_errno(), "setns")
options = "fd=%d,rootmode=40000,user_id=%d,group_id=0,allow_other" % (fd, uid)
if libc.mount(b"hangfs", place.encode(), b"fuse", 6, options.encode()) != 0:
    raise OSError(ctypes.get_errno(), "mount " + place)
while True:
    asked = os.read(fd, 1 << 18)
    _, opcode, unique = struct.unpack_from("<IIQ", asked)
    if opcode == INIT:
        major, minor = struct.unpack_from("<II", asked, 40)
        body = struct.pack("<IIIIHHI", 7, min(minor, 31), 0, 0, 1, 1, 4096) + bytes(40)
        os.write(fd, struct.pack("<IiQ", 16 + len(body), 0, unique) + body)
        os.close(os.open(ready[1], os.O_WRONLY | os.O_CREAT, 0o644, dir_fd=ready[0]))
    else:
        print("took %d" % struct.unpack_from("<I", asked, 32), flush=True)
