# SPDX-License-Identifier: Apache-2.0
# acl.py FILE access|default [u:[ID]:PERM|g:[ID]:PERM|m::PERM|o::PERM...]: gives it an ACL, or takes it away; by the raw
# attribute, so that no library is needed. acl.py DIRECTORY list: all that have one beneath it.
import os
import struct
import sys

TAGS = {"u": (1, 2), "g": (4, 8), "m": (16, 16), "o": (32, 32)}


def entry(text):
    tag, who, perm = text.split(":")
    return struct.pack("<HHI", TAGS[tag][1 if who else 0], int(perm), int(who) if who else 0xFFFFFFFF)


def main(where, what, *entries):
    name = "system.posix_acl_" + what
    if what == "list":
        for path in sorted(os.path.join(d, n) for d, dirs, files in os.walk(where) for n in dirs + files):
            for kind in ("access", "default"):
                try:
                    acl = os.getxattr(path, "system.posix_acl_" + kind, follow_symlinks=False)
                except OSError:
                    continue
                print(os.path.relpath(path, where), oct(os.lstat(path).st_mode), kind, acl.hex())
    elif entries:
        os.setxattr(where, name, struct.pack("<I", 2) + b"".join(map(entry, entries)))
    else:
        try:
            os.removexattr(where, name)
        except OSError as e:
            if e.errno != 61:
                raise


main(*sys.argv[1:])
