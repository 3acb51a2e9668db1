# SPDX-License-Identifier: Apache-2.0
# Holds 40 full pipes, 1 MiB each where the kernel lets them be so large. Standard output is closed once it does.
import fcntl, os, time

for i in range(40):
    r, w = os.pipe()
    fcntl.fcntl(w, 1031, 1 << 20)  # F_SETPIPE_SZ
    os.set_blocking(w, False)
    try:
        while os.write(w, bytes(1 << 16)):
            pass
    except BlockingIOError:
        pass
os.close(1)
time.sleep(60)
