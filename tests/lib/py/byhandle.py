# SPDX-License-Identifier: Apache-2.0
"""byhandle.py make FILE: the kernel's handle of a file, in hex.
byhandle.py read DIRECTORY HANDLE: what that file on the directory's file system begins with."""
import ctypes
import os
import sys

libc = ctypes.CDLL(None, use_errno=True)


class Handle(ctypes.Structure):
    _fields_ = [("size", ctypes.c_uint), ("kind", ctypes.c_int), ("bytes", ctypes.c_ubyte * 128)]


def fail(what):
    sys.exit("%s: %s" % (what, os.strerror(ctypes.get_errno())))


handle = Handle(size=128)
if sys.argv[1] == "make":
    mount = ctypes.c_int()
    if libc.name_to_handle_at(-100, sys.argv[2].encode(), ctypes.byref(handle), ctypes.byref(mount), 0) < 0:
        fail("name_to_handle_at")
    print(bytes(handle)[: 8 + handle.size].hex())
else:
    data = bytes.fromhex(sys.argv[3])
    ctypes.memmove(ctypes.byref(handle), data, len(data))
    fd = libc.open_by_handle_at(os.open(sys.argv[2], os.O_RDONLY), ctypes.byref(handle), os.O_RDONLY)
    if fd < 0:
        fail("open_by_handle_at")
    print(os.read(fd, 100).decode())
