#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# A client of the steward's that is not carrel-errand: says what the steward answers to each kind of bad request.
# Usage: errands.py CASE
import array, os, socket, struct, sys, threading, time

MAGIC, VERSION = 0x4E524331, 1
NAMES = {1: "hello", 3: "refused", 4: "started", 6: "ended"}


def connect():
    s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    s.settimeout(60)
    s.connect("/run/carrel-errand/socket")
    return s


def record(kind, words=(), number=0, magic=MAGIC, version=VERSION, count=None, tail=b""):
    text = b"".join(w.encode() + b"\0" for w in words)
    return struct.pack("=IHHiI", magic, version, kind, number, len(words) if count is None else count) + text + tail


def send(s, data, fds):
    anc = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", fds))] if fds else []
    s.sendmsg([data], anc)


def answer(s):
    try:
        data = s.recv(32768)
    except (ConnectionResetError, BrokenPipeError):
        return "closed"
    if not data:
        return "closed"
    magic, version, kind, number, count = struct.unpack("=IHHiI", data[:16])
    text = data[16:].split(b"\0")[0].decode() if count else ""
    return "%s%s%s" % (NAMES.get(kind, kind), " %d" % number if kind == 6 else "", ": " + text if text else "")


def ask(data, fds=(0, 1, 2), sender=None):
    s = connect()
    hello = answer(s)
    if hello != "hello":
        return hello
    try:
        if sender:
            sender(s, data, fds)
        else:
            send(s, data, fds)
    except (ConnectionResetError, BrokenPipeError):
        return "closed"
    said = answer(s)
    return said + ", " + answer(s) if said == "started" else said


def request(call, *args, term="xterm", lang="C"):
    return record(2, (term, lang, call) + args)


def by_a_child(s, data, fds):
    if os.fork() == 0:
        send(s, data, fds)
        os._exit(0)
    os.wait()


def many():
    opened, said = [], {}
    for _ in range(100):
        s = connect()
        opened.append(s)
    for s in opened:
        a = answer(s)
        said[a] = said.get(a, 0) + 1
    return "; ".join("%s %d" % (a, n) for a, n in sorted(said.items()))


# As fast as one process can, and never a word.
def hammer():
    start, n = time.monotonic(), 0
    while time.monotonic() < start + 3:
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as s:
            s.connect("/run/carrel-errand/socket")
        n += 1
    return "%d %d" % (n, (time.monotonic() - start) * 1000)


def crowd():
    held = [connect() for _ in range(8)]
    print([answer(s) for s in held], flush=True)
    time.sleep(4)  # less than the steward waits for a request
    return "let go"


# What a program outside leaves on a socket of ours: whose pidfd, and whose ids.
def pidfd():
    ours, theirs = socket.socketpair()
    try:
        ours.setsockopt(socket.SOL_SOCKET, 76, 1)  # SO_PASSPIDFD
    except OSError:
        return "none here"
    ours.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
    said = ask(request("sendmail", "deaf"), (0, theirs.fileno(), 2))
    data, anc, _, _ = ours.recvmsg(100, 4096)
    told = []
    for _, kind, value in anc:
        if kind == 2:
            told.append("uid %s" % ("own" if struct.unpack("3i", value[:12])[1] == os.getuid() else "other"))
        elif kind == 4:  # SCM_PIDFD
            fd = struct.unpack("i", value[:4])[0]
            got = [n for n in range(64) if 0 <= libc_getfd(fd, n)] if fd >= 0 else []
            told.append("descriptors %d" % len(got))
    return "%s: %s, %s" % (said, data.decode().strip(), ", ".join(sorted(told)))


def libc_getfd(fd, n):
    import ctypes
    return ctypes.CDLL(None).syscall(438, fd, n, 0)


# A MiB in and out by sockets; all of it is there when the end is told.
def whole():
    ours, theirs = socket.socketpair()
    back, out = socket.socketpair()
    data, got = os.urandom(1 << 20), []

    def put():
        ours.sendall(data)
        ours.shutdown(socket.SHUT_WR)

    def take():
        while sum(map(len, got)) < len(data):
            got.append(back.recv(65536))
            if not got[-1]:
                return

    threads = [threading.Thread(target=f, daemon=True) for f in (put, take)]
    for t in threads:
        t.start()
    said = ask(request("sendmail", "echo"), (theirs.fileno(), out.fileno(), out.fileno()))
    for t in threads:
        t.join(20)
    out.send(b"x")  # nobody shut it down
    return "%s: %s" % (said, "whole" if b"".join(got)[:1 << 20] == data else "%d bytes" % sum(map(len, got)))


# What the program did not read is still there for the next one.
def rest():
    ours, theirs = socket.socketpair()
    ours.sendall(b"for the next")
    said = ask(request("sendmail", "deaf"), (theirs.fileno(), 1, 2))
    return "%s: %s" % (said, theirs.recv(100, socket.MSG_DONTWAIT).decode())


def datagram():
    return ask(request("sendmail", "deaf"), (0, socket.socketpair(type=socket.SOCK_DGRAM)[0].fileno(), 2))


def opened(path, flags):
    return os.open(path, flags)


CASES = {
    "right": lambda: ask(request("passwd", "-S")),
    "garbage": lambda: ask(b"\xff" * 5000),
    "short": lambda: ask(b"\1"),
    "magic": lambda: ask(record(2, ("", "", "passwd", "-S"), magic=1)),
    "version": lambda: ask(record(2, ("", "", "passwd", "-S"), version=9)),
    "type": lambda: ask(record(5, ("", "", "passwd", "-S"))),
    "count": lambda: ask(record(2, ("", "", "passwd", "-S"), count=4000000000)),
    "fewer": lambda: ask(record(2, ("", "", "passwd", "-S"), count=3)),
    "no-end": lambda: ask(record(2, ("", "", "passwd"), tail=b"-S", count=4)),
    "long": lambda: ask(record(2, ("", "", "passwd", "x" * 30000))),
    "words": lambda: ask(record(2, ("", "", "passwd") + ("",) * 300)),
    "no-fds": lambda: ask(request("passwd", "-S"), ()),
    "two-fds": lambda: ask(request("passwd", "-S"), (0, 1)),
    "four-fds": lambda: ask(request("passwd", "-S"), (0, 1, 2, 2)),
    "many-fds": lambda: ask(request("passwd", "-S"), (0,) * 12),
    "directory": lambda: ask(request("passwd", "-S"), (opened("/", os.O_RDONLY), 1, 2)),
    "o-path": lambda: ask(request("passwd", "-S"), (opened("/etc/passwd", os.O_PATH), 1, 2)),
    "zero": lambda: ask(request("passwd", "-S"), (opened("/dev/zero", os.O_RDONLY), 1, 2)),
    "file": lambda: ask(request("passwd", "-S"), (opened("/etc/passwd", os.O_RDONLY), 1, 2)),
    "sh": lambda: ask(request("sh", "-c", "id")),
    "path": lambda: ask(request("/bin/passwd", "-S")),
    "crontab": lambda: ask(request("crontab", "-l")),
    "other": lambda: ask(request("passwd", "bob")),
    "option": lambda: ask(request("sendmail", "-C/tmp/x", "bob")),
    "term": lambda: ask(request("passwd", "-S", term="../../x")),
    "lang": lambda: ask(request("passwd", "-S", lang="C\nLD_PRELOAD=/tmp/x")),
    "child": lambda: ask(request("passwd", "-S"), sender=by_a_child),
    "silent": lambda: (connect(), "let go")[1],
    "pidfd": pidfd,
    "whole": whole,
    "rest": rest,
    "datagram": datagram,
    "many": many,
    "crowd": crowd,
    "hammer": hammer,
}

ALONE = ("many", "crowd", "hammer")
print(CASES[sys.argv[1]]() if len(sys.argv) > 1 else "\n".join("%s: %s" % (n, c()) for n, c in CASES.items() if n not in ALONE))
