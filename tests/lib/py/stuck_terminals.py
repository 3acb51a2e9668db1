# SPDX-License-Identifier: Apache-2.0
# Two terminals that take nothing, one full and one stopped; /tmp/ready is there once they are.
import os, pty, termios, time

full, slave = pty.openpty()  # nobody reads its other end
os.set_blocking(slave, False)
for i in range(20):  # what is in it is moved on, once, by and by
    try:
        while True:
            os.write(slave, b"x" * 4096)
    except BlockingIOError:
        time.sleep(0.05)
held, other = pty.openpty()
termios.tcflow(other, termios.TCOOFF)  # stopped
open("/tmp/ready", "w").write("y")
time.sleep(1000)
