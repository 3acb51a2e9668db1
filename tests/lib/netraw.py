#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""
What a hostile room sends, with a power over its network that tests give it.

    netraw.py advertise LINK        a router's advertisement with a default route and a prefix
    netraw.py neighbour LINK ADDRESS        the word that the IPv6 ADDRESS is at this link
    netraw.py solicit LINK ADDRESS COUNT    where is ADDRESS, asked by so many neighbours
    netraw.py arp LINK ADDRESS      the word that ADDRESS is at this link
    netraw.py flood ADDRESS COUNT [PORT]    so many connections of UDP, to as many ports or to one
    netraw.py forget                the connections that conntrack follows here
    netraw.py burst ADDRESS PORT COUNT      so many datagrams of 1000 bytes, one right after the other
    netraw.py connect ADDRESS PORT FROM COUNT       connections of TCP, one after the other, from so many ports
    netraw.py unreachable TO PORT FAR PORT  the word that what TO sends from its port does not reach FAR
    netraw.py ask FROM PORT TO PORT         a question by UDP; prints the answer, or "none"
    netraw.py answered TO FAR COMMAND...    run in TO: asks FAR's port 7, runs COMMAND with the port that it asks from,
                                            asks again; prints "refused" when it has been told that FAR is gone
"""
import socket
import struct
import subprocess
import sys


def checksum(data):
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def frame(link, destination, kind, payload):
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as s:
        s.bind((link, 0))
        s.send(destination + s.getsockname()[4] + kind + payload)
        return s.getsockname()[4]


def own_mac(link):
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as s:
        s.bind((link, 0))
        return s.getsockname()[4]


def icmpv6(link, source, target, mac, body):
    """@mac  whose the frame is; @body  its checksum is to be filled in"""
    source, target = socket.inet_pton(socket.AF_INET6, source), socket.inet_pton(socket.AF_INET6, target)
    pseudo = source + target + struct.pack("!I", len(body)) + b"\0\0\0\x3a"
    body = body[:2] + struct.pack("!H", checksum(pseudo + body)) + body[4:]
    frame(link, mac, b"\x86\xdd", b"\x60\0\0\0" + struct.pack("!HBB", len(body), 58, 255) + source + target + body)


def advertise(link):
    prefix = b"\x03\x04\x40\xc0" + struct.pack("!III", 86400, 14400, 0)
    prefix += socket.inet_pton(socket.AF_INET6, "2001:db8:bad::")
    body = b"\x86\0\0\0" + b"\x40\0" + struct.pack("!H", 1800) + b"\0" * 8 + prefix
    icmpv6(link, "fe80::2", "ff02::1", b"\x33\x33\0\0\0\1", body)


def neighbour(link, address):
    body = b"\x88\0\0\0\xa0\0\0\0" + socket.inet_pton(socket.AF_INET6, address) + b"\2\1" + own_mac(link)
    icmpv6(link, "fe80::2", "ff02::1", b"\x33\x33\0\0\0\1", body)


def solicit(link, address, count):
    for at in range(count):
        body = b"\x87\0\0\0\0\0\0\0" + socket.inet_pton(socket.AF_INET6, address) + b"\1\1" + own_mac(link)
        icmpv6(link, f"fe80::bad:{at:x}", address, b"\2crl\0\1", body)


def arp(link, address):
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as s:
        s.bind((link, 0))
        own = s.getsockname()[4]
    ip = socket.inet_aton(address)
    frame(link, b"\xff" * 6, b"\x08\x06", b"\0\1\x08\0\6\4\0\2" + own + ip + b"\xff" * 6 + ip)


def unreachable(to, port, far, far_port):
    inner = struct.pack("!HHHH", port, far_port, 9, 0)
    head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(inner), 1, 0, 64, 17, 0) + socket.inet_aton(to) + socket.inet_aton(far)
    head = head[:10] + struct.pack("!H", checksum(head)) + head[12:]
    body = b"\3\3\0\0\0\0\0\0" + head + inner
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP) as s:
        s.sendto(body[:2] + struct.pack("!H", checksum(body)) + body[4:], (to, 0))


def ask(source, port, to, to_port):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.settimeout(3)
        s.bind((source, port))
        try:
            s.connect((to, to_port))
            s.send(b"ask")
            print(s.recv(100).decode().strip())
        except OSError:
            print("none")


def answered(to, far, command):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.settimeout(5)
        s.bind((to, 0))
        s.connect((far, 7))
        s.send(b"ask")
        s.recv(100)
        subprocess.run([*command, "unreachable", to, str(s.getsockname()[1]), far, "7"], check=True)
        try:
            s.send(b"ask")
            print(s.recv(100).decode().strip())
        except ConnectionRefusedError:
            print("refused")


def flood(address, count, port=None):
    for at in range(count):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            s.bind(("0.0.0.0", 20000 + at))
            s.sendto(b"x", (address, port or 1024 + at))


def connect(address, port, source, count):
    for at in range(count):
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as s:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            s.bind(("0.0.0.0", source + at))
            s.connect((address, port))
            while s.recv(100):
                pass


def forget():
    """All that conntrack has: what a count shows afterwards is what has come since, and does not expire meanwhile."""
    delete = (1 << 8) | 2  # NFNL_SUBSYS_CTNETLINK, IPCTNL_MSG_CT_DELETE
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 12) as s:  # NETLINK_NETFILTER
        s.send(struct.pack("=IHHIIBBH", 20, delete, 5, 1, 0, socket.AF_UNSPEC, 0, 0))  # NLM_F_REQUEST, NLM_F_ACK
        error = struct.unpack_from("=i", s.recv(4096), 16)[0]
    if error:
        raise OSError(-error, "conntrack cannot be emptied")


def burst(address, port, count):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        for _ in range(count):
            try:
                s.sendto(bytes(972), (address, port))
            except PermissionError:  # whose own it is hears of drops
                pass


verb, *words = sys.argv[1:]
if verb == "answered":
    answered(words[0], words[1], words[2:])
else:
    known = [advertise, neighbour, solicit, arp, flood, unreachable, ask, burst, connect, forget]
    verbs = {each.__name__: each for each in known}
    verbs[verb](*[int(w) if w.isdigit() else w for w in words])
