#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What two SSH libraries can do at a server: a line "KEY yes" or "KEY no" for each part; why not goes to stderr.

Usage: clients.py paramiko|asyncssh HOST PORT USER KEYFILE NUMBER (of ports that nobody else uses)
"""
import asyncio
import hashlib
import os
import sys
import threading
import traceback

LIBRARY, HOST, PORT, USER, KEYFILE, NUMBER = sys.argv[1:7]
PORT, NUMBER = int(PORT), int(NUMBER)
LIMIT = 15 * int(os.environ.get("CARREL_PATIENCE", "3"))
BULK = os.urandom(5_000_000)
SERVER = 'import socket;s=socket.create_server(("127.0.0.1",%d));print("READY",flush=True);c=s.accept()[0];c.sendall(c.recv(99).upper())'
CALL = 'import socket;c=socket.create_connection(("127.0.0.1",%d));c.sendall(b"word");print(c.recv(99).decode())'


def python(text, number):
    return "exec /usr/bin/python3 -c '%s'" % (text % number)


# ---- paramiko ------------------------------------------------------------------------------------------------------


def p_connect():
    import paramiko

    client = paramiko.SSHClient()
    client.set_missing_host_key_policy(paramiko.AutoAddPolicy())
    client.connect(HOST, PORT, USER, key_filename=KEYFILE, look_for_keys=False, allow_agent=False, timeout=LIMIT,
                   banner_timeout=LIMIT, auth_timeout=LIMIT)
    return client


def p_run(client, command, data=b""):
    channel = client.get_transport().open_session()
    channel.settimeout(LIMIT)
    channel.exec_command(command)
    out, err = [], []
    readers = [threading.Thread(target=lambda f, l: l.append(f.read()), args=a)
               for a in ((channel.makefile("rb"), out), (channel.makefile_stderr("rb"), err))]
    for reader in readers:
        reader.start()
    channel.sendall(data)
    channel.shutdown_write()
    for reader in readers:
        reader.join(LIMIT)
    return out[0], err[0], channel.recv_exit_status()


def p_exec(client):
    return p_run(client, "echo out; echo err >&2; exit 7") == (b"out\n", b"err\n", 7)


def p_bulk(client):
    out = p_run(client, "tee /dev/stderr | sha256sum", BULK)
    return out[0].split()[0].decode() == hashlib.sha256(BULK).hexdigest() and out[1] == BULK


def p_read_until(channel, word):
    seen = b""
    while word not in seen:
        part = channel.recv(4096)
        if not part:
            break
        seen += part
    return seen


def p_shell(client):
    channel = client.invoke_shell("xterm", 90, 30)
    channel.settimeout(LIMIT)
    channel.send("stty size; echo see-$((20 + 3))\n")
    first = b"30 90" in p_read_until(channel, b"see-23")
    channel.resize_pty(101, 31)
    channel.send("stty size; echo see-$((30 + 4))\n")
    second = b"31 101" in p_read_until(channel, b"see-34")
    channel.send("exit 5\n")
    return first and second and channel.recv_exit_status() == 5


def p_sftp(client):
    sftp = client.open_sftp()
    with sftp.open("p.new", "wb") as f:
        f.write(BULK)
    sftp.chmod("p.new", 0o640)
    sftp.rename("p.new", "p.file")
    with sftp.open("p.file", "rb") as f:
        good = f.read() == BULK
    good = good and sftp.stat("p.file").st_mode & 0o777 == 0o640 and "p.file" in sftp.listdir()
    sftp.remove("p.file")
    return good


def p_direct(client):
    server = client.get_transport().open_session()
    server.settimeout(LIMIT)
    server.exec_command(python(SERVER, 5000 + NUMBER))
    p_read_until(server, b"READY")
    channel = client.get_transport().open_channel("direct-tcpip", ("127.0.0.1", 5000 + NUMBER), ("127.0.0.1", 1))
    channel.settimeout(LIMIT)
    channel.sendall(b"word")
    return channel.recv(99) == b"WORD"


def p_reverse(client):
    def answer(channel, origin, server):  # in the thread that reads for all channels
        threading.Thread(target=lambda: channel.sendall(channel.recv(99).upper())).start()

    transport = client.get_transport()
    transport.request_port_forward("127.0.0.1", 5100 + NUMBER, answer)
    out = p_run(client, python(CALL, 5100 + NUMBER))
    transport.cancel_port_forward("127.0.0.1", 5100 + NUMBER)
    return out[0] == b"WORD\n"


def p_agent(client):
    import paramiko

    channel = client.get_transport().open_session()
    channel.settimeout(LIMIT)
    paramiko.agent.AgentRequestHandler(channel)
    channel.exec_command("ssh-add -l")
    return b"stage" in channel.makefile("rb").read()


def p_many(client):
    channels = []
    for i in range(9):
        channel = client.get_transport().open_session()
        channel.settimeout(LIMIT)
        channel.exec_command("read x; echo $x")
        channels.append(channel)
    for i, channel in enumerate(channels):
        channel.sendall(b"%d\n" % i)
    return all(c.makefile("rb").read() == b"%d\n" % i for i, c in enumerate(channels))


def p_rekey(client):
    client = p_connect()  # another one: paramiko waits for itself when a channel ends meanwhile
    client.get_transport().renegotiate_keys()
    good = p_exec(client)
    client.close()
    return good


def run_paramiko():
    client = p_connect()
    client.get_transport().set_keepalive(1)
    for name in ("exec", "bulk", "shell", "sftp", "direct", "reverse", "agent", "many", "rekey"):
        say("p_" + name, lambda: globals()["p_" + name](client))
    client.close()


def say(key, what):
    try:
        good = what()
    except Exception:  # whatever it is, the part does not work
        traceback.print_exc()
        good = False
    print(key, "yes" if good else "no", flush=True)


# ---- asyncssh ------------------------------------------------------------------------------------------------------


async def a_exec(c):
    r = await c.run("echo out; echo err >&2; exit 7")
    return (r.stdout, r.stderr, r.exit_status) == ("out\n", "err\n", 7)


async def a_signal(c):
    p = await c.create_process("echo up; exec sleep 1000")
    await p.stdout.readline()
    p.send_signal("TERM")
    r = await p.wait()
    return r.exit_signal is not None and r.exit_signal[0] == "TERM"


async def a_shell(c):
    p = await c.create_process("exec bash --norc", term_type="xterm", term_size=(90, 30))
    p.stdin.write("PS1=; stty -echo; stty size; echo see-$((20 + 3))\n")
    await p.stdout.readuntil("see-23")
    p.change_terminal_size(101, 31)
    p.stdin.write("stty size; echo see-$((30 + 4))\n")
    text = await p.stdout.readuntil("see-34")
    p.stdin.write("exit 5\n")
    return "31 101" in text and (await p.wait()).exit_status == 5


async def a_sftp(c):
    async with c.start_sftp_client() as sftp:
        async with sftp.open("a.new", "wb") as f:
            await f.write(BULK)
        await sftp.rename("a.new", "a.file")
        async with sftp.open("a.file", "rb") as f:
            good = await f.read() == BULK
        await sftp.symlink("a.file", "a.link")
        good = good and await sftp.readlink("a.link") == "a.file"
        await sftp.remove("a.file")
        await sftp.remove("a.link")
    return good


async def a_scp(c):
    import asyncssh

    name = "/tmp/carrel-scp-%d" % NUMBER
    with open(name, "wb") as f:
        f.write(BULK)
    await asyncssh.scp(name, (c, "a.scp"))
    os.unlink(name)
    await asyncssh.scp((c, "a.scp"), name)
    with open(name, "rb") as f:
        good = f.read() == BULK
    os.unlink(name)
    return good


async def a_local(c):
    p = await c.create_process(python(SERVER, 5200 + NUMBER))
    await p.stdout.readline()
    listener = await c.forward_local_port("127.0.0.1", 0, "127.0.0.1", 5200 + NUMBER)
    reader, writer = await asyncio.open_connection("127.0.0.1", listener.get_port())
    writer.write(b"word")
    return await reader.read(99) == b"WORD"


async def a_socks(c):
    p = await c.create_process(python(SERVER, 5300 + NUMBER))
    await p.stdout.readline()
    listener = await c.forward_socks("127.0.0.1", 0)
    reader, writer = await asyncio.open_connection("127.0.0.1", listener.get_port())
    writer.write(b"\4\1" + (5300 + NUMBER).to_bytes(2, "big") + b"\x7f\0\0\1\0")
    await reader.readexactly(8)
    writer.write(b"word")
    return await reader.read(99) == b"WORD"


async def a_remote(c):
    async def answer(reader, writer):
        writer.write((await reader.read(99)).upper())
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    await c.forward_remote_port("127.0.0.1", 5400 + NUMBER, "127.0.0.1", server.sockets[0].getsockname()[1])
    return (await c.run(python(CALL, 5400 + NUMBER))).stdout == "WORD\n"


async def a_unix(c):
    p = await c.create_process(python('import socket;s=socket.socket(socket.AF_UNIX);s.bind("/tmp/a.sock.%d");s.listen();'
                                      'print("READY",flush=True);c=s.accept()[0];c.sendall(c.recv(99).upper())', NUMBER))
    await p.stdout.readline()
    reader, writer = await c.open_unix_connection("/tmp/a.sock.%d" % NUMBER)
    writer.write(b"word")
    return await reader.read(99) == b"WORD"


async def a_many(c):
    results = await asyncio.gather(*(c.run("sleep 0.2; echo %d" % i) for i in range(9)))
    return [r.stdout for r in results] == ["%d\n" % i for i in range(9)]


async def run_asyncssh():
    import asyncssh

    async with asyncssh.connect(HOST, PORT, username=USER, client_keys=[KEYFILE], known_hosts=None, agent_path=None,
                                login_timeout=LIMIT, connect_timeout=LIMIT) as c:
        for name in ("exec", "signal", "shell", "sftp", "scp", "local", "socks", "remote", "unix", "many"):
            try:
                good = await asyncio.wait_for(globals()["a_" + name](c), LIMIT)
            except Exception:
                traceback.print_exc()
                good = False
            print("a_" + name, "yes" if good else "no", flush=True)


if LIBRARY == "paramiko":
    run_paramiko()
else:
    asyncio.run(run_asyncssh())
