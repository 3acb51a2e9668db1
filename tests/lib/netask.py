#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""
Asks the network, and says in one word a question what came of it.

    netask.py QUESTION...     tcp ADDRESS PORT, udp ADDRESS PORT: the name that netserver.py says there
                              bind ADDRESS PORT: "bound"
                              unbound ADDRESS: what a client hears of a socket that listens without a bind
                              socket PROTOCOL: "made", of a datagram's or a stream's socket
                              routed ADDRESS VIA PORT: as udp, to ADDRESS by a routing header that leads to VIA
                              recorded ADDRESS PORT: as udp, with an option of IPv4: the way is to be recorded

"denied" = by EPERM; "silent" = nobody answered; else the name of the errno.
"""
import errno
import socket
import struct
import sys


def family_of(address):
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def word_of(error):
    if error.errno == errno.EPERM:
        return "denied"
    return errno.errorcode.get(error.errno, "silent")


def connected(kind, address, port):
    with socket.socket(family_of(address), kind) as s:
        s.settimeout(4)
        s.connect((address, port))
        if kind == socket.SOCK_DGRAM:
            s.send(b"ask\n")
        return (s.recv(200).decode().split() or ["silent"])[0]


def udp(address, port):
    """Both ways that a datagram has."""
    first = attempt(connected, socket.SOCK_DGRAM, address, port)
    with socket.socket(family_of(address), socket.SOCK_DGRAM) as s:
        s.settimeout(4)
        s.sendto(b"ask\n", (address, port))
        second = s.recv(200).decode().split()[0]
    return first if first == second else f"{first}/{second}"


def routed(address, via, port):
    """A segment routing header (RFC 8754) at its end already: who gets it takes the packet for their own."""
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as s:
        s.settimeout(4)
        header = struct.pack("BBBBBBH", 0, 2, 4, 0, 0, 0, 0) + socket.inet_pton(socket.AF_INET6, via)
        s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RTHDR, header)
        s.sendto(b"ask\n", (address, port))
        return s.recv(200).decode().split()[0]


def recorded(address, port):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.settimeout(4)
        s.setsockopt(socket.IPPROTO_IP, socket.IP_OPTIONS, bytes([7, 7, 4, 0, 0, 0, 0, 0]))
        s.sendto(b"ask\n", (address, port))
        return s.recv(200).decode().split()[0]


def bind(address, port):
    with socket.socket(family_of(address), socket.SOCK_STREAM) as s:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        s.bind((address, port))
    return "bound"


def unbound(address):
    with socket.socket(family_of(address), socket.SOCK_STREAM) as s, socket.socket(family_of(address)) as client:
        s.listen(4)
        client.settimeout(2)
        client.connect((address, s.getsockname()[1]))
    return "heard"


def made(protocol):
    kind = socket.SOCK_DGRAM if protocol == 136 else socket.SOCK_STREAM
    socket.socket(socket.AF_INET, kind, protocol).close()
    return "made"


def attempt(function, *arguments):
    try:
        return function(*arguments)
    except OSError as error:
        return "silent" if isinstance(error, TimeoutError) else word_of(error)


def main():
    words = iter(sys.argv[1:])
    said = []
    for question in words:
        if question == "tcp":
            said.append(attempt(connected, socket.SOCK_STREAM, next(words), int(next(words))))
        elif question == "udp":
            said.append(attempt(udp, next(words), int(next(words))))
        elif question == "bind":
            said.append(attempt(bind, next(words), int(next(words))))
        elif question == "routed":
            said.append(attempt(routed, next(words), next(words), int(next(words))))
        elif question == "recorded":
            said.append(attempt(recorded, next(words), int(next(words))))
        elif question == "unbound":
            said.append(attempt(unbound, next(words)))
        else:
            said.append(attempt(made, int(next(words))))
    print(" ".join(said))


main()
