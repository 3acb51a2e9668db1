# SPDX-License-Identifier: Apache-2.0
# Holds 32 MiB in a memfd. Standard output is closed once it does.
import os, time

f = os.memfd_create("x")
os.write(f, bytes(32 << 20))
os.close(1)
time.sleep(60)
