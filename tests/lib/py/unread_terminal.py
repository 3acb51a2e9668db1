# SPDX-License-Identifier: Apache-2.0
# Runs the command given on a terminal that nobody reads, until it waits to write; then ends it. Prints the signal that it
# died of, and whether the terminal is as before.
import os, pty, signal, sys, termios, time

pid, fd = pty.fork()
if pid == 0:
    os.environ["TERM"] = "xterm"
    os.execv(sys.argv[1], sys.argv[1:])
os.set_blocking(fd, False)


def waits():
    try:
        return open(f"/proc/{pid}/syscall").read().startswith("1 0x1 ")
    except OSError:
        return False


seen = 0
while seen < 20:
    seen = seen + 1 if waits() else 0
    try:
        os.write(fd, b"h\x0cx\x0c")
    except OSError:
        pass
    time.sleep(0.02)
os.kill(pid, signal.SIGTERM)
print(os.WTERMSIG(os.waitpid(pid, 0)[1]), bool(termios.tcgetattr(fd)[3] & termios.ICANON))
