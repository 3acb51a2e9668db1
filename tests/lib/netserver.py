#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""
Servers of another host, for tests of networks: each tells who asks, as it sees them.

    netserver.py NAME PORT...     TCP and UDP on each port, IPv4 and IPv6; on port 53 a name server

TCP: one line "NAME ADDRESS" and the end; "sink" as the first bytes: how many bytes came; UDP: the same as an answer.
The name server answers every question for an address with 203.0.113.9, or 2001:db8:2::9.
"""
import ipaddress
import selectors
import socket
import sys
import threading


def seen(peer):
    address = ipaddress.ip_address(peer[0].split("%")[0])
    return str(address.ipv4_mapped or address) if address.version == 6 else str(address)


def serve(connection, peer, name):
    with connection:
        connection.sendall(f"{name} {seen(peer)}\n".encode())
        connection.shutdown(socket.SHUT_WR)


def name_answer(question):
    end = question.index(b"\0", 12) + 5
    kind = int.from_bytes(question[end - 4 : end - 2], "big")
    data = {1: socket.inet_aton("203.0.113.9"), 28: socket.inet_pton(socket.AF_INET6, "2001:db8:2::9")}.get(kind)
    head = question[:2] + b"\x81\x80" + b"\0\1" + (b"\0\1" if data else b"\0\0") + b"\0\0\0\0"
    record = b"\xc0\x0c" + question[end - 4 : end] + b"\0\0\0\1" + len(data).to_bytes(2, "big") + data if data else b""
    return head + question[12:end] + record


def listener(kind, port):
    s = socket.socket(socket.AF_INET6, kind)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVPKTINFO, 1)
    s.bind(("::", port))
    if kind == socket.SOCK_STREAM:
        s.listen(64)
    return s


def main():
    name = sys.argv[1]
    selector = selectors.DefaultSelector()
    for port in map(int, sys.argv[2:]):
        for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
            selector.register(listener(kind, port), selectors.EVENT_READ, (kind, port))
    print("ready", flush=True)
    while True:
        for key, _ in selector.select():
            kind, port = key.data
            if kind == socket.SOCK_STREAM:
                connection, peer = key.fileobj.accept()
                threading.Thread(target=serve, args=(connection, peer, name), daemon=True).start()
            else:
                text, asked, _, peer = key.fileobj.recvmsg(2048, 128)
                answer = name_answer(text) if port == 53 else f"{name} {seen(peer)}\n".encode()
                key.fileobj.sendmsg([answer], asked, 0, peer)  # from the address that was asked


main()
