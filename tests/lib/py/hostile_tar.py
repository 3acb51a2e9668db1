# SPDX-License-Identifier: Apache-2.0
# hostile_tar.py KIND: a tar stream on standard output that means no good, for tests/live/homecmd.sh.
import io
import sys
import tarfile

out = tarfile.open(fileobj=sys.stdout.buffer, mode="w|", format=tarfile.PAX_FORMAT)


def add(name, kind=tarfile.REGTYPE, link="", data=b"", mode=0o644, pax=None, major=0, minor=0):
    info = tarfile.TarInfo(name)
    info.type, info.linkname, info.size, info.mode, info.pax_headers = kind, link, len(data), mode, pax or {}
    info.devmajor, info.devminor = major, minor
    out.addfile(info, io.BytesIO(data))


def absolute():
    add("/srv/carrel/drop/absolute", data=b"out")


def dotdot():
    add("../../../../../../srv/carrel/drop/dotdot", data=b"out")


def through_link():
    add("way", tarfile.SYMTYPE, "/srv/carrel/drop")
    add("way/through", data=b"out")


def through_parent():
    add("up", tarfile.SYMTYPE, "..")
    add("up/through", data=b"out")


def hard_link():
    add("passwd", tarfile.LNKTYPE, "/etc/passwd")


def hard_parent():
    add("owner", tarfile.LNKTYPE, "../../../owner")


def device():
    add("mem", tarfile.CHRTYPE, mode=0o666, major=1, minor=1)


def no_device():
    add("mem", tarfile.CHRTYPE)


def chmod_out():
    add("way", tarfile.SYMTYPE, "/srv/carrel/drop/ana")
    add("way", mode=0o777, kind=tarfile.DIRTYPE)


def set_id():
    add("root", data=b"#!/bin/sh\n", mode=0o6755)
    add("dir", tarfile.DIRTYPE, mode=0o2755)


def attributes():
    add("marked", data=b"x", pax={
        "SCHILY.xattr.user.kept": "yes",
        "SCHILY.xattr.security.capability": "\1\0\0\2\xff\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
        "SCHILY.xattr.trusted.overlay.redirect": "/etc",
    })


def markers():
    add(".wh..", data=b"")
    add("d/.wh...", data=b"")


def marker_dir():
    add(".wh.docs", tarfile.DIRTYPE)


def top_opaque():
    add(".wh..wh..opq")


def locked():
    add("shut", tarfile.DIRTYPE, mode=0)
    add("shut/.wh.gone")


globals()[sys.argv[1]]()
out.close()
